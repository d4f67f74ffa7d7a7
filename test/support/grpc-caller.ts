import { Client, credentials, Metadata, status, type ClientOptions } from "@grpc/grpc-js";
import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../shared/gen/google/rpc/status_pb.ts";

/** How a call ended, as a client sees it that is not made from our code. */
export interface Ending {
  readonly code: status;
  readonly message: string;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Fields of BadRequest, in their order. */
  readonly fields: readonly string[];
  readonly retryDelaySeconds: number | undefined;
  readonly trailers: Metadata;
  /** What the server sent before, as bytes. */
  readonly messages: readonly Buffer[];
}

const same = (bytes: Buffer): Buffer => bytes;

export const createGrpcClient = (address: string, options: ClientOptions = {}): Client =>
  new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0, ...options });

export interface RawCall {
  readonly bytes: Buffer;
  readonly metadata?: Metadata;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Makes a server-streaming call of any method with bytes for a message; a unary method answers with one message. */
export function callBytes(client: Client, path: string, call: RawCall): Promise<Ending> {
  return new Promise((resolve) => {
    const messages: Buffer[] = [];
    const stream = client.makeServerStreamRequest(
      path,
      same,
      same,
      call.bytes,
      call.metadata ?? new Metadata(),
      call.timeoutMs === undefined ? {} : { deadline: Date.now() + call.timeoutMs },
    );
    call.signal?.addEventListener("abort", () => stream.cancel(), { once: true });
    stream.on("data", (message: Buffer) => messages.push(message));
    // The status says the same.
    stream.on("error", () => {});
    stream.on("status", (end) => {
      const ended = (): void =>
        resolve({ ...readStatus(end.metadata), code: end.code, message: end.details, messages });
      if (end.code === status.OK && !stream.readableEnded) stream.once("end", ended);
      else ended();
    });
  });
}

/** The details of one kind; undefined when the status has none of it. */
export function readDetails<T extends DescMessage>(trailers: Metadata, desc: T): MessageShape<T> | undefined {
  const [bytes] = trailers.get("grpc-status-details-bin");
  const details = bytes instanceof Buffer ? fromBinary(StatusSchema, bytes).details : [];
  const found = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/${desc.typeName}`);
  return found && fromBinary(desc, found.value);
}

function readStatus(trailers: Metadata): Omit<Ending, "code" | "message" | "messages"> {
  const find = <T extends DescMessage>(desc: T): MessageShape<T> | undefined => readDetails(trailers, desc);
  const info = find(ErrorInfoSchema);
  const retry = find(RetryInfoSchema)?.retryDelay;
  return {
    reason: info?.reason,
    domain: info?.domain,
    metadata: info?.metadata ?? {},
    fields: find(BadRequestSchema)?.fieldViolations.map(({ field }) => field) ?? [],
    retryDelaySeconds: retry && Number(retry.seconds) + retry.nanos / 1e9,
    trailers,
  };
}
