import assert from "node:assert/strict";
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { Client, credentials, status } from "@grpc/grpc-js";
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { startWireServer, type WireServer } from "../support/wire-server.ts";

type Question = ServerReflectionRequest["messageRequest"];
type Answer = ServerReflectionResponse["messageResponse"];

const CONTENT = "wayfarer/content/v1/content_service.proto";

/** A file behind all that it imports. Fails when one is missing. */
function importsFirst(name: string, files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const file = files.find((candidate) => candidate.name === name);
  assert.ok(file, `${name} is missing`);
  return [...new Set([...file.dependency.flatMap((imported) => importsFirst(imported, files)), file])];
}

for (const version of ["v1", "v1alpha"]) {
  describe(`reflection ${version}`, () => {
    let server: WireServer;
    let client: Client;
    before(async () => {
      server = await startWireServer();
      client = new Client(server.address, credentials.createInsecure());
    });
    after(async () => {
      client.close();
      await server.drain(0);
    });

    /** All questions in one stream, as tools ask them. */
    const ask = (...questions: readonly Question[]): Promise<Answer[]> =>
      new Promise((resolve, reject) => {
        const call = client.makeBidiStreamRequest(
          `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
          (request: ServerReflectionRequest) => Buffer.from(toBinary(ServerReflectionRequestSchema, request)),
          (bytes) => fromBinary(ServerReflectionResponseSchema, bytes),
          { deadline: Date.now() + 2_000 },
        );
        const answers: Answer[] = [];
        call.on("data", ({ messageResponse }: ServerReflectionResponse) => answers.push(messageResponse));
        call.on("error", reject);
        call.on("end", () => resolve(answers));
        for (const messageRequest of questions)
          call.write(create(ServerReflectionRequestSchema, { messageRequest }));
        call.end();
      });

    const filesOf = (answer: Answer | undefined): FileDescriptorProto[] => {
      assert.equal(answer?.case, "fileDescriptorResponse");
      return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    };
    const isNotFound = (answer: Answer | undefined): void => {
      assert.equal(answer?.case, "errorResponse");
      assert.equal(answer.value.errorCode, status.NOT_FOUND);
    };

    it("lists the services", async () => {
      const [answer] = await ask({ case: "listServices", value: "" });
      assert.equal(answer?.case, "listServicesResponse");
      assert.deepEqual(
        answer.value.service.map(({ name }) => name),
        [
          "wayfarer.content.v1.ContentService",
          "grpc.health.v1.Health",
          "grpc.reflection.v1.ServerReflection",
          "grpc.reflection.v1alpha.ServerReflection",
        ],
      );
    });

    it("has each file with all that it imports, from which a client can be made", async () => {
      const [answer] = await ask({ case: "fileByFilename", value: CONTENT });
      const files = filesOf(answer);
      assert.equal(files[0]?.name, CONTENT);
      const file = importsFirst(CONTENT, files);
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
      const service = registry.getService("wayfarer.content.v1.ContentService");
      assert.deepEqual(
        service?.methods.map(({ name }) => name),
        ["FetchContent", "StreamContent", "GeocodeDestination", "ReviewGuide", "ListProviders"],
      );
    });

    for (const [what, symbol, file] of [
      ["a service", "wayfarer.content.v1.ContentService", CONTENT],
      ["a method", "wayfarer.content.v1.ContentService.FetchContent", CONTENT],
      ["a message", "wayfarer.content.v1.ContentQuery", CONTENT],
      ["a field", "wayfarer.content.v1.ContentQuery.day_count", CONTENT],
      ["an enum within a message", "wayfarer.content.v1.Provider.State", CONTENT],
      ["a value of an enum within a message", "wayfarer.content.v1.Provider.STATE_ACTIVE", CONTENT],
      ["a value of an enum", "wayfarer.type.v1.SECTION_KIND_WEATHER", "wayfarer/type/v1/content.proto"],
      [
        "a oneof",
        "grpc.reflection.v1.ServerReflectionRequest.message_request",
        "grpc/reflection/v1/reflection.proto",
      ],
      ["a detail of an error", "google.rpc.ErrorInfo", "google/rpc/error_details.proto"],
      ["an extension", "google.api.field_behavior", "google/api/field_behavior.proto"],
      ["a name with a dot in front", ".wayfarer.content.v1.Content", CONTENT],
    ] as const) {
      it(`finds the file of ${what}`, async () => {
        const [answer] = await ask({ case: "fileContainingSymbol", value: symbol });
        assert.equal(filesOf(answer)[0]?.name, file);
      });
    }

    it("finds extensions by type and number, and their numbers", async () => {
      const containingType = "google.protobuf.FieldOptions";
      const [file, numbers, none] = await ask(
        {
          case: "fileContainingExtension",
          value: { $typeName: "grpc.reflection.v1.ExtensionRequest", containingType, extensionNumber: 1052 },
        },
        { case: "allExtensionNumbersOfType", value: containingType },
        { case: "allExtensionNumbersOfType", value: "wayfarer.content.v1.Content" },
      );
      assert.equal(filesOf(file)[0]?.name, "google/api/field_behavior.proto");
      assert.equal(numbers?.case, "allExtensionNumbersResponse");
      assert.deepEqual(numbers.value.extensionNumber, [1052]);
      assert.equal(none?.case, "allExtensionNumbersResponse");
      assert.deepEqual(none.value.extensionNumber, []);
    });

    it("answers NOT_FOUND for what it does not have, and goes on", async () => {
      const extension = (containingType: string, extensionNumber: number): Question => ({
        case: "fileContainingExtension",
        value: { $typeName: "grpc.reflection.v1.ExtensionRequest", containingType, extensionNumber },
      });
      const answers = await ask(
        { case: "fileByFilename", value: "no.proto" },
        { case: "fileContainingSymbol", value: "wayfarer.content.v1" },
        { case: "fileContainingSymbol", value: "wayfarer.content.v1.ContentService.Nothing" },
        { case: "fileContainingSymbol", value: "" },
        { case: "fileContainingSymbol", value: "__proto__" },
        extension("no.Type", 1),
        extension("google.protobuf.FieldOptions", 1),
        { case: "allExtensionNumbersOfType", value: "no.Type" },
      );
      assert.equal(answers.length, 8);
      for (const answer of answers) isNotFound(answer);
    });

    it("answers INVALID_ARGUMENT to a question that asks for nothing", async () => {
      const [answer] = await ask({ case: undefined });
      assert.equal(answer?.case, "errorResponse");
      assert.equal(answer.value.errorCode, status.INVALID_ARGUMENT);
    });

    it("does not hold up a drain, however long a client keeps its stream open", async () => {
      const other = await startWireServer();
      const tool = new Client(other.address, credentials.createInsecure());
      const call = tool.makeBidiStreamRequest(
        `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
        (request: ServerReflectionRequest) => Buffer.from(toBinary(ServerReflectionRequestSchema, request)),
        (bytes) => fromBinary(ServerReflectionResponseSchema, bytes),
      );
      const ended = new Promise<number>((resolve) => call.on("status", ({ code }) => resolve(code)));
      call.on("error", () => {});
      const first = new Promise((resolve) => call.once("data", resolve));
      call.write(
        create(ServerReflectionRequestSchema, { messageRequest: { case: "listServices", value: "" } }),
      );
      await first;
      const startMs = performance.now();
      await other.drain(5_000);
      assert.ok(performance.now() - startMs < 4_000);
      assert.equal(await ended, status.OK);
      tool.close();
    });
  });
}
