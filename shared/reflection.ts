import {
  create,
  fromBinary,
  toBinary,
  type DescFile,
  type DescMessage,
  type DescService,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.ts";
import { Health } from "./gen/grpc/health/v1/health_pb.ts";
import {
  ErrorResponseSchema,
  ExtensionNumberResponseSchema,
  FileDescriptorResponseSchema,
  ListServiceResponseSchema,
  ServerReflection,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "./gen/grpc/reflection/v1/reflection_pb.ts";
import {
  ServerReflection as ServerReflectionAlpha,
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
} from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";

/**
 * Serves grpc.reflection v1 and v1alpha, which are the same on the wire, from the descriptors of the services.
 *
 * @param draining ends the streams, which clients keep open as long as they like
 */
export function addReflection(
  router: ConnectRouter,
  services: readonly DescService[],
  draining: AbortSignal,
): void {
  const catalog = createCatalog([...services, Health, ServerReflection, ServerReflectionAlpha]);
  const answer = (request: ServerReflectionRequest): ServerReflectionResponse =>
    create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: respond(request.messageRequest, catalog),
    });

  router.service(ServerReflection, {
    serverReflectionInfo: async function* (requests) {
      for await (const request of until(draining, requests)) yield answer(request);
    },
  });
  router.service(ServerReflectionAlpha, {
    serverReflectionInfo: async function* (requests) {
      for await (const request of until(draining, requests)) {
        const same = fromBinary(ServerReflectionRequestSchema, toBinary(AlphaRequestSchema, request));
        yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, answer(same)));
      }
    },
  });
}

/** Passes messages on until the signal fires or they end. */
async function* until<T>(signal: AbortSignal, messages: AsyncIterable<T>): AsyncGenerator<T> {
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const onAbort = (): void => resolve(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = iterator.next();
      const result = await Promise.race([next, ended]);
      if (result === undefined) {
        // The request ends with its call; that it does so unread is nobody's failure.
        next.catch(() => {});
        return;
      }
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

interface Catalog {
  /** Full names, in the order that clients see. */
  readonly services: readonly string[];
  readonly files: ReadonlyMap<string, DescFile>;
  /** Files by the full name of everything that protobuf gives one. */
  readonly symbols: ReadonlyMap<string, DescFile>;
  readonly messages: ReadonlySet<string>;
  /** Files by extended message and field number. */
  readonly extensions: ReadonlyMap<string, ReadonlyMap<number, DescFile>>;
}

function createCatalog(services: readonly DescService[]): Catalog {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  const messages = new Set<string>();
  const extensions = new Map<string, Map<number, DescFile>>();

  const addMessage = (message: DescMessage, file: DescFile): void => {
    messages.add(message.typeName);
    for (const { name } of [...message.fields, ...message.oneofs])
      symbols.set(`${message.typeName}.${name}`, file);
  };
  const addFile = (file: DescFile): void => {
    if (files.has(`${file.name}.proto`)) return;
    files.set(`${file.name}.proto`, file);
    for (const dependency of file.dependencies) addFile(dependency);
    for (const desc of nestedTypes(file)) {
      symbols.set(desc.typeName, file);
      switch (desc.kind) {
        case "message":
          addMessage(desc, file);
          break;
        case "enum": {
          // Values stand beside their enum, not within it, as in C++.
          const scope = desc.typeName.slice(0, Math.max(0, desc.typeName.lastIndexOf(".") + 1));
          for (const { name } of desc.values) symbols.set(`${scope}${name}`, file);
          break;
        }
        case "service":
          for (const { name } of desc.methods) symbols.set(`${desc.typeName}.${name}`, file);
          break;
        case "extension": {
          const numbers = extensions.get(desc.extendee.typeName) ?? new Map<number, DescFile>();
          extensions.set(desc.extendee.typeName, numbers.set(desc.number, file));
        }
      }
    }
  };
  for (const { file } of services) addFile(file);
  // No method names these, but errors carry them, and a client that has reflection alone wants to read them.
  addFile(file_google_rpc_error_details);
  return { services: services.map(({ typeName }) => typeName), files, symbols, messages, extensions };
}

type Response = ServerReflectionResponse["messageResponse"];

function respond(request: ServerReflectionRequest["messageRequest"], catalog: Catalog): Response {
  switch (request.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: create(ListServiceResponseSchema, { service: catalog.services.map((name) => ({ name })) }),
      };
    case "fileByFilename":
      return fileResponse(catalog.files.get(request.value));
    case "fileContainingSymbol":
      return fileResponse(catalog.symbols.get(request.value.replace(/^\./, "")));
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = request.value;
      return fileResponse(catalog.extensions.get(containingType.replace(/^\./, ""))?.get(extensionNumber));
    }
    case "allExtensionNumbersOfType": {
      const baseTypeName = request.value.replace(/^\./, "");
      if (!catalog.messages.has(baseTypeName)) return failure(Code.NotFound, "not found");
      const extensionNumber = [...(catalog.extensions.get(baseTypeName)?.keys() ?? [])];
      return {
        case: "allExtensionNumbersResponse",
        value: create(ExtensionNumberResponseSchema, { baseTypeName, extensionNumber }),
      };
    }
    case undefined:
      return failure(Code.InvalidArgument, "the request asks for nothing");
  }
}

/** The file and all that it imports, so that a client needs one request. */
function fileResponse(file: DescFile | undefined): Response {
  if (file === undefined) return failure(Code.NotFound, "not found");
  const seen = new Map<string, Uint8Array>();
  const add = (next: DescFile): void => {
    if (seen.has(next.name)) return;
    seen.set(next.name, toBinary(FileDescriptorProtoSchema, next.proto));
    for (const dependency of next.dependencies) add(dependency);
  };
  add(file);
  return {
    case: "fileDescriptorResponse",
    value: create(FileDescriptorResponseSchema, { fileDescriptorProto: [...seen.values()] }),
  };
}

const failure = (errorCode: Code, errorMessage: string): Response => ({
  case: "errorResponse",
  value: create(ErrorResponseSchema, { errorCode, errorMessage }),
});
