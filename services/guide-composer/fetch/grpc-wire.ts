import { Metadata, type CallOptions, type ServiceError as GrpcError } from "@grpc/grpc-js";
import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { StatusSchema } from "../../../shared/gen/google/rpc/status_pb.ts";
import { createNote } from "../../../shared/note.ts";

const STATUS_DETAILS = "grpc-status-details-bin";

/** Path of a method on the wire: `/package.Service/Method`. */
export const methodPath = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

export const serializer =
  <T extends DescMessage>(desc: T) =>
  (message: MessageShape<T>): Buffer => {
    const bytes = toBinary(desc, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };

/** What each message was decoded from, for as long as somebody holds the message. */
const receivedBytes = createNote<object, Uint8Array>("received bytes");

export const deserializer =
  <T extends DescMessage>(desc: T) =>
  (bytes: Buffer): MessageShape<T> => {
    const message = fromBinary(desc, bytes);
    receivedBytes.write(message, bytes);
    return message;
  };

/** The bytes of a message: those that it came in when it did, so that who keeps them need not encode it again. */
export const toReceivedBytes = <T extends DescMessage>(desc: T, message: MessageShape<T>): Uint8Array =>
  receivedBytes.of(message) ?? toBinary(desc, message);

/**
 * Host and port of a target as they stand in a URL. Of several addresses the first, and never the name server that
 * `dns://server/host` names.
 */
export function toUrlAuthority(target: string): string {
  const address = target.replace(/^(?:dns:(?:\/\/[^/]*\/)?|ipv4:|ipv6:)(?!\d+$)/, "").split(",")[0] ?? "";
  return URL.canParse(`http://${address}`) ? address : "content-fetcher";
}

/** @param timeoutMs time that the call has, from now; undefined for none */
export const callOptions = (timeoutMs: number | undefined, now: () => number): CallOptions =>
  timeoutMs === undefined ? {} : { deadline: now() + timeoutMs };

/** `-bin` headers are base64 in `Headers`, several values joined by commas, and bytes in gRPC metadata. */
export function toMetadata(header: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of header) {
    if (!name.endsWith("-bin")) metadata.add(name, value);
    else for (const part of value.split(",")) metadata.add(name, Buffer.from(part, "base64"));
  }
  return metadata;
}

export function copyMetadata(from: Metadata, to: Headers): void {
  for (const name of Object.keys(from.getMap())) {
    for (const value of from.get(name))
      to.append(name, typeof value === "string" ? value : value.toString("base64"));
  }
}

/** The same code (the numbers are equal), the same details, and the metadata of the trailers. */
export function toConnectError(error: unknown): ConnectError {
  if (!isGrpcError(error)) return ConnectError.from(error, Code.Internal);
  const metadata = new Headers();
  copyMetadata(error.metadata, metadata);
  const translated = new ConnectError(error.details, toCode(error.code), metadata, undefined, error);
  const [details] = error.metadata.get(STATUS_DETAILS);
  if (details instanceof Buffer) {
    translated.details = fromBinary(StatusSchema, details).details.map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value,
    }));
  }
  return translated;
}

function isGrpcError(error: unknown): error is GrpcError {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "number" &&
    "metadata" in error &&
    error.metadata instanceof Metadata
  );
}

const CODES: ReadonlySet<number> = new Set(Object.values(Code).filter((value) => typeof value === "number"));

const isCode = (code: number): code is Code => CODES.has(code);

const toCode = (code: number): Code => (isCode(code) ? code : Code.Unknown);
