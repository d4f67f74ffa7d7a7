import type { DescService, Message } from "@bufbuild/protobuf";
import {
  createContextKey,
  type ContextValues,
  type Interceptor,
  type MethodImplSpec,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { GrpcCall } from "./call.ts";
import { onlyOf, streamOf, toMessage, toMessages } from "./messages.ts";

/** Runs a method with its interceptors: one message of a unary method, messages of a stream. */
export type Invoke = (message: Message, call: GrpcCall) => Promise<Message | AsyncIterable<Message>>;

type AnyFn = Parameters<Interceptor>[0];
type SpecOf<K extends MethodImplSpec["kind"]> = Extract<MethodImplSpec, { readonly kind: K }>;

/** The call that a request belongs to, for the handler behind the interceptors. */
const CALL = createContextKey<GrpcCall | undefined>(undefined, { description: "the call of a request" });

/** Undefined for methods whose request is a stream. The interceptors are put together once, not for each call. */
export function createInvoke(spec: MethodImplSpec, interceptors: readonly Interceptor[]): Invoke | undefined {
  const around = (handle: AnyFn): AnyFn =>
    interceptors.reduceRight<AnyFn>((inner, interceptor) => interceptor(inner), handle);
  if (spec.kind === "unary") return invokeUnary(spec, around);
  return spec.kind === "server_streaming" ? invokeStreaming(spec, around) : undefined;
}

function invokeUnary(spec: SpecOf<"unary">, around: (handle: AnyFn) => AnyFn): Invoke {
  const { method, impl } = spec;
  const next = around(async (request) => {
    if (request.stream) throw new Error("an interceptor has made a stream of a unary request");
    const call = callOf(request);
    return new PlainResponse(call, method, toMessage(method.output, await impl(request.message, call)));
  });
  return async (message, call) => {
    call.values.set(CALL, call);
    return (await next(new PlainRequest(call, method, message))).message;
  };
}

function invokeStreaming(spec: SpecOf<"server_streaming">, around: (handle: AnyFn) => AnyFn): Invoke {
  const { method, impl } = spec;
  const service = method.parent;
  const next = around(async (request) => {
    if (!request.stream) throw new Error("an interceptor has made a unary request of a stream");
    const call = callOf(request);
    const message = toMessages(method.output, impl(await onlyOf(request.message), call));
    return {
      stream: true,
      service,
      method,
      header: call.responseHeader,
      trailer: call.responseTrailer,
      message,
    };
  });
  return async (message, call) => {
    call.values.set(CALL, call);
    const { requestMethod, url, signal, requestHeader: header, values: contextValues } = call;
    const request = {
      stream: true,
      service,
      method,
      requestMethod,
      url,
      signal,
      header,
      contextValues,
    } as const;
    return (await next({ ...request, message: streamOf(message) })).message;
  };
}

/**
 * Headers, URL and signal are made for whoever asks for them. Classes, because getters of an object literal make a hidden
 * class of each object, see `createGrpcCalls`.
 */
class PlainRequest implements UnaryRequest {
  readonly stream = false;
  readonly requestMethod = "POST";
  readonly method: UnaryRequest["method"];
  readonly message: Message;
  readonly #call: GrpcCall;

  constructor(call: GrpcCall, method: UnaryRequest["method"], message: Message) {
    this.#call = call;
    this.method = method;
    this.message = message;
  }
  get service(): DescService {
    return this.method.parent;
  }
  get contextValues(): ContextValues {
    return this.#call.values;
  }
  get url(): string {
    return this.#call.url;
  }
  get header(): Headers {
    return this.#call.requestHeader;
  }
  get signal(): AbortSignal {
    return this.#call.signal;
  }
}

class PlainResponse implements UnaryResponse {
  readonly stream = false;
  readonly method: UnaryResponse["method"];
  readonly message: Message;
  readonly #call: GrpcCall;

  constructor(call: GrpcCall, method: UnaryResponse["method"], message: Message) {
    this.#call = call;
    this.method = method;
    this.message = message;
  }
  get service(): DescService {
    return this.method.parent;
  }
  get header(): Headers {
    return this.#call.responseHeader;
  }
  get trailer(): Headers {
    return this.#call.responseTrailer;
  }
}

function callOf({ contextValues }: Pick<UnaryRequest, "contextValues">): GrpcCall {
  const call = contextValues.get(CALL);
  if (call === undefined) throw new Error("an interceptor has lost the call");
  return call;
}
