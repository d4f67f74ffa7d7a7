/** After the last test nothing may be left that keeps a process alive; what is ending gets this long. */
const GRACE_MS = 5_000;

/** Run by mocha after all tests: a socket, timer or process that somebody started and nobody ended fails the run. */
export function mochaGlobalTeardown(): void {
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().filter((resource) => resource !== "TTYWrap");
    process.stderr.write(`Left behind by the tests: ${left.join(", ")}\n`);
    // Behind mocha's own handler, which would make it the count of failed tests again.
    process.on("exit", () => (process.exitCode = 1));
    process.exit(1);
  }, GRACE_MS).unref();
}
