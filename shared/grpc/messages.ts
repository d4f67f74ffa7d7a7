import {
  create,
  isMessage,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";

/** The message of what may leave out what is not set. */
export const toMessage = <T extends DescMessage>(desc: T, value: MessageInitShape<T>): MessageShape<T> =>
  isMessage(value, desc) ? value : create(desc, value);

export async function* toMessages<T extends DescMessage>(
  desc: T,
  values: AsyncIterable<MessageInitShape<T>>,
): AsyncGenerator<MessageShape<T>> {
  for await (const value of values) yield toMessage(desc, value);
}

/** A stream of one message. */
export async function* streamOf<T>(message: T): AsyncGenerator<T> {
  yield message;
}

/** The message of such a stream. */
export async function onlyOf<T>(messages: AsyncIterable<T>): Promise<T> {
  for await (const message of messages) return message;
  throw new Error("a stream of one message has none");
}
