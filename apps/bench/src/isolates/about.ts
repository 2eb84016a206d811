/** What holds for the tables of `threads` and `processes` alike. */
export const ABOUT = `The clock leads here, because what is asked of isolates is a rate. CPU is that of the case process and all that it started, threads
and children, where \`/proc\` tells it (Linux), else of the case process alone; so is memory. One answer at a time is decided by how
fast an idle core wakes up (20 to 80 µs): compare the rows with many callers. Warm-up passes take up to a second each.`;
