/** How often the clock is looked at, and what makes a jump of a drift. Milliseconds. */
const lookMs = 1000;
const jumpMs = 2000;

/**
 * Calls `jumped` when somebody, or the network's time, has set the host's clock: what waits for a time of the wall by a
 * timer would otherwise wait for as long as the clock was set back.
 *
 * @param jumped gets the jump in milliseconds, below zero when the clock was set back.
 * @returns ends the watch.
 */
export function onClockJump(jumped: (ms: number) => void): () => void {
  const drift = () => Date.now() - performance.now();
  let known = drift();
  const timer = setInterval(() => {
    const ms = drift() - known;
    known += ms;
    if (Math.abs(ms) >= jumpMs) jumped(ms);
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}
