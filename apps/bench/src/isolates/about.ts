/** What holds for the tables of `threads` and `processes` alike. */
export const ABOUT = `The clock leads in these tables, because what is asked of isolates is a rate. CPU is that of the case process and all that it
started, threads and children, where \`/proc\` tells it (Linux), else of the case process alone; so is memory. How long one answer
at a time takes is decided by how fast an idle core wakes up (20 to 80 µs): compare the tables with many callers. Four passes warm
up, the last three of them for about 0.7 seconds each.`;
