/** Redis did not answer, or is left alone because it lately did not. Never an answer of Redis itself. */
export class RedisUnavailableError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "RedisUnavailableError";
  }
}
