// Everything that comes from outside goes through here, as text; no markup is ever made of it.

const whole = new Intl.NumberFormat('en');

export function at(id) {
  return document.getElementById(id);
}

export function element(name, fields = {}, ...children) {
  const made = Object.assign(document.createElement(name), fields);
  made.append(...children);
  return made;
}

export function count(number) {
  return whole.format(number);
}

export function duration(ms) {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
