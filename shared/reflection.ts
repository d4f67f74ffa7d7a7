import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescFile,
  type DescMessage,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
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

/** Serves grpc.reflection v1 and v1alpha, which are the same on the wire, from the descriptors of the services. */
export function addReflection(router: ConnectRouter, services: readonly DescService[]): void {
  const all = [...services, Health, ServerReflection, ServerReflectionAlpha];
  const files = new Map<string, DescFile>();
  // Imports first: a registry is built from files in that order.
  const collect = (file: DescFile): void => {
    if (files.has(`${file.name}.proto`)) return;
    for (const dependency of file.dependencies) collect(dependency);
    files.set(`${file.name}.proto`, file);
  };
  for (const service of all) collect(service.file);
  const registry = createFileRegistry(
    create(FileDescriptorSetSchema, { file: [...files.values()].map(({ proto }) => proto) }),
  );
  const names = all.map(({ typeName }) => typeName);
  const answer = (request: ServerReflectionRequest): ServerReflectionResponse =>
    create(ServerReflectionResponseSchema, {
      validHost: request.host,
      originalRequest: request,
      messageResponse: respond(request.messageRequest, files, registry, names),
    });

  router.service(ServerReflection, {
    serverReflectionInfo: async function* (requests) {
      for await (const request of requests) yield answer(request);
    },
  });
  router.service(ServerReflectionAlpha, {
    serverReflectionInfo: async function* (requests) {
      for await (const request of requests) {
        const same = fromBinary(ServerReflectionRequestSchema, toBinary(AlphaRequestSchema, request));
        yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, answer(same)));
      }
    },
  });
}

type Response = ServerReflectionResponse["messageResponse"];

function respond(
  request: ServerReflectionRequest["messageRequest"],
  files: ReadonlyMap<string, DescFile>,
  registry: FileRegistry,
  services: readonly string[],
): Response {
  switch (request.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: create(ListServiceResponseSchema, { service: services.map((name) => ({ name })) }),
      };
    case "fileByFilename":
      return fileResponse(files.get(request.value));
    case "fileContainingSymbol":
      return fileResponse(findSymbol(registry, request.value));
    case "fileContainingExtension":
      return fileResponse(
        registry.getExtensionFor(
          messageOf(registry, request.value.containingType),
          request.value.extensionNumber,
        )?.file,
      );
    case "allExtensionNumbersOfType": {
      const numbers = [...registry].flatMap((desc) =>
        desc.kind === "extension" && desc.extendee.typeName === request.value ? [desc.number] : [],
      );
      if (registry.getMessage(request.value) === undefined) return notFound();
      return {
        case: "allExtensionNumbersResponse",
        value: create(ExtensionNumberResponseSchema, {
          baseTypeName: request.value,
          extensionNumber: numbers,
        }),
      };
    }
    case undefined:
      return {
        case: "errorResponse",
        value: create(ErrorResponseSchema, {
          errorCode: Code.InvalidArgument,
          errorMessage: "the request asks for nothing",
        }),
      };
  }
}

function messageOf(registry: FileRegistry, typeName: string): DescMessage {
  return registry.getMessage(typeName) ?? ServerReflectionRequestSchema;
}

/** File of a service, method, message, enum or extension by its full name, with or without a dot in front. */
function findSymbol(registry: FileRegistry, symbol: string): DescFile | undefined {
  const name = symbol.replace(/^\./, "");
  const parent = name.slice(0, Math.max(0, name.lastIndexOf(".")));
  const own = registry.get(name);
  if (own !== undefined) return own.file;
  const service = registry.getService(parent);
  return service?.methods.some((method) => method.name === name.slice(parent.length + 1)) === true
    ? service.file
    : undefined;
}

/** The file and all that it imports, so that a client needs one request. */
function fileResponse(file: DescFile | undefined): Response {
  if (file === undefined) return notFound();
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

const notFound = (): Response => ({
  case: "errorResponse",
  value: create(ErrorResponseSchema, { errorCode: Code.NotFound, errorMessage: "not found" }),
});
