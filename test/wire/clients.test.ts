import assert from "node:assert/strict";
import { credentials, loadPackageDefinition, status, type Client, type ServiceError } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { z } from "zod";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { StatusSchema } from "../../shared/gen/google/rpc/status_pb.ts";
import { ErrorInfoSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import {
  AmbiguousDestinationSchema,
  ComposeGuideRequestSchema,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { callBytes, createGrpcClient } from "../support/grpc-caller.ts";
import { startQuietPair, type QuietPair } from "../support/quiet-pair.ts";

const GUIDE = "/wayfarer.guide.v1.GuideService";

/** A client as grpc-js makes it of definitions that it has never seen before. */
type Unary = (request: unknown, done: (error: ServiceError | null, answer: unknown) => void) => void;
type Streaming = (request: unknown) => AsyncIterable<unknown>;
interface GuideClient extends Client {
  readonly ComposeGuide: Unary;
  readonly SearchDestinations: Unary;
  readonly StreamGuide: Streaming;
}

const guideSchema = z.object({ guide: z.object({ sections: z.array(z.object({ kind: z.string() })) }) });
const matchesSchema = z.object({
  matches: z.array(z.object({ destination: z.object({ display_name: z.string() }) })),
});
const eventSchema = z.object({ event: z.string() });
const jsonMatchesSchema = z.object({
  matches: z.array(z.object({ destination: z.object({ displayName: z.string() }) })),
});
const jsonErrorSchema = z.object({
  code: z.string(),
  details: z.array(z.object({ type: z.string(), debug: z.looseObject({ reason: z.string().optional() }) })),
});
const jsonGuideSchema = z.object({ guide: z.object({ name: z.string() }) });
const providersSchema = z.object({ providers: z.array(z.object({ name: z.string() })) });

describe("clients that are not ours", () => {
  let pair: QuietPair;
  let client: GuideClient;

  /** Definitions by reflection, read by protobuf.js, as a client in another language would. */
  async function createDynamicClient(address: string): Promise<GuideClient> {
    const plain = createGrpcClient(address);
    const question = create(ServerReflectionRequestSchema, {
      messageRequest: { case: "fileContainingSymbol", value: "wayfarer.guide.v1.GuideService" },
    });
    const { messages } = await callBytes(plain, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", {
      bytes: Buffer.from(toBinary(ServerReflectionRequestSchema, question)),
      timeoutMs: 5_000,
    });
    plain.close();
    const { messageResponse } = fromBinary(ServerReflectionResponseSchema, messages[0] ?? Buffer.alloc(0));
    assert.equal(messageResponse.case, "fileDescriptorResponse");
    const file = messageResponse.value.fileDescriptorProto.map((bytes) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    const set = Buffer.from(toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file })));
    const definitions = loadPackageDefinition(
      loadFileDescriptorSetFromBuffer(set, { keepCase: true, enums: String, defaults: true, oneofs: true }),
    );
    const found: unknown = ["wayfarer", "guide", "v1", "GuideService"].reduce<unknown>(
      (within, name) => (within as Record<string, unknown>)[name],
      definitions,
    );
    const Constructor = found as new (address: string, channel: unknown) => GuideClient;
    return new Constructor(address, credentials.createInsecure());
  }

  before(async () => {
    pair = await startQuietPair();
    client = await createDynamicClient(pair.composer);
  });
  after(async () => {
    client.close();
    await pair.stop();
  });

  const call = (method: "ComposeGuide" | "SearchDestinations", request: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client[method](request, (error, answer) => (error === null ? resolve(answer) : reject(error)));
    });

  it("grpc-js by reflection alone composes, streams and searches", async () => {
    const request = { spec: { destination_query: "Lisbon", section_kinds: ["SECTION_KIND_OVERVIEW"] } };
    const { guide } = guideSchema.parse(await call("ComposeGuide", request));
    assert.deepEqual(guide.sections, [{ ...guide.sections[0], kind: "SECTION_KIND_OVERVIEW" }]);

    const events: string[] = [];
    for await (const message of client.StreamGuide({ request }))
      events.push(eventSchema.parse(message).event);
    assert.equal(events[0], "plan");
    assert.equal(events.at(-1), "completion");

    const { matches } = matchesSchema.parse(
      await call("SearchDestinations", { query: "Lisb", page_size: 3 }),
    );
    assert.equal(matches[0]?.destination.display_name, "Lisbon");
  });

  it("grpc-js reads what an error carries from grpc-status-details-bin", async () => {
    const error = await call("ComposeGuide", { spec: { destination_query: "Springfield" } }).then(
      () => assert.fail("composed a guide to an ambiguous name"),
      (failure: ServiceError) => failure,
    );
    assert.equal(error.code, status.INVALID_ARGUMENT);
    const [bytes] = error.metadata.get("grpc-status-details-bin");
    assert.ok(bytes instanceof Buffer);
    const { details, code } = fromBinary(StatusSchema, bytes);
    assert.equal(code, status.INVALID_ARGUMENT);
    const [info, candidates] = details;
    assert.ok(info && candidates);
    const { reason, domain, metadata } = fromBinary(ErrorInfoSchema, info.value);
    assert.deepEqual([reason, domain], ["DESTINATION_AMBIGUOUS", "wayfarer"]);
    assert.match(metadata["trace_id"] ?? "", /^(?!0{32})[0-9a-f]{32}$/);
    assert.equal(candidates.typeUrl, `type.googleapis.com/${AmbiguousDestinationSchema.typeName}`);
    assert.ok(fromBinary(AmbiguousDestinationSchema, candidates.value).candidates.length > 1);
  });

  const url = (path: string): string => `http://${pair.composer}${path}`;

  it("gRPC-web by fetch gets a guide, and an error with its details in the trailers", async () => {
    const post = async (query: string): Promise<{ message: Buffer; trailers: Headers }> => {
      const bytes = toBinary(
        ComposeGuideRequestSchema,
        create(ComposeGuideRequestSchema, {
          spec: { destination: { case: "destinationQuery", value: query }, sectionKinds: [1] },
        }),
      );
      const envelope = Buffer.alloc(5);
      envelope.writeUInt32BE(bytes.length, 1);
      const response = await fetch(url(`${GUIDE}/ComposeGuide`), {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto" },
        body: new Uint8Array(Buffer.concat([envelope, bytes])),
      });
      assert.equal(response.status, 200);
      const frames = readEnvelopes(Buffer.from(await response.arrayBuffer()));
      const last = frames.at(-1);
      assert.equal(last?.flags, 0x80);
      const trailers = new Headers(
        last.data
          .toString("utf8")
          .trim()
          .split("\r\n")
          .map((line) => line.split(/: ?(.*)/, 2) as [string, string]),
      );
      return {
        message: frames.length > 1 ? (frames[0]?.data ?? Buffer.alloc(0)) : Buffer.alloc(0),
        trailers,
      };
    };
    const good = await post("Lisbon");
    assert.equal(good.trailers.get("grpc-status"), "0");
    assert.ok(good.message.length > 100);
    const bad = await post("");
    assert.equal(bad.trailers.get("grpc-status"), String(status.INVALID_ARGUMENT));
    const details = Buffer.from(bad.trailers.get("grpc-status-details-bin") ?? "", "base64");
    assert.equal(fromBinary(StatusSchema, details).details.length, 2);
  });

  it("curl's way, JSON over HTTP/1.1, gets a guide and a readable error", async () => {
    const post = (body: unknown): Promise<Response> =>
      fetch(url(`${GUIDE}/ComposeGuide`), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const good = await post({
      spec: { destinationQuery: "Lisbon", sectionKinds: ["SECTION_KIND_OVERVIEW"] },
    });
    assert.equal(good.status, 200);
    jsonGuideSchema.parse(await good.json());
    // Names as in the .proto file are JSON of protobuf too.
    assert.equal((await post({ spec: { destination_query: "Porto", section_kinds: [1] } })).status, 200);
    const bad = await post({ spec: { destinationQuery: "asdfqwer", languageCode: "?" } });
    assert.equal(bad.status, 400);
    const { code, details } = jsonErrorSchema.parse(await bad.json());
    assert.equal(code, "invalid_argument");
    assert.deepEqual(
      details.map(({ type }) => type),
      ["google.rpc.ErrorInfo", "google.rpc.BadRequest"],
    );
    assert.equal(details[0]?.debug.reason, "REQUEST_INVALID");
  });

  it("a browser's way, GET, reads what has no side effects", async () => {
    const get = (base: string, path: string, message: unknown): Promise<Response> =>
      fetch(`http://${base}${path}?encoding=json&message=${encodeURIComponent(JSON.stringify(message))}`);
    const search = await get(pair.composer, `${GUIDE}/SearchDestinations`, { query: "東京" });
    assert.equal(jsonMatchesSchema.parse(await search.json()).matches[0]?.destination.displayName, "Tokyo");
    const providers = await get(pair.fetcher, "/wayfarer.content.v1.ContentService/ListProviders", {});
    assert.ok(providersSchema.parse(await providers.json()).providers.length > 3);
    const unknown = await get(pair.composer, `${GUIDE}/GetGuide`, { name: "guides/none" });
    assert.equal(unknown.status, 404);
    assert.equal(jsonErrorSchema.parse(await unknown.json()).details[0]?.debug.reason, "RESOURCE_NOT_FOUND");
    const invalid = await get(pair.composer, `${GUIDE}/GetGuide`, {});
    assert.equal(invalid.status, 400);
  });

  it("one that gives less than 100 ms is refused at once; one that gives ages is served", async () => {
    const post = async (
      header: string,
      value: string,
    ): Promise<{ status: number; reason: string | undefined }> => {
      const response = await fetch(url(`${GUIDE}/ComposeGuide`), {
        method: "POST",
        headers: { "content-type": "application/json", [header]: value },
        body: JSON.stringify({
          spec: { destinationQuery: "Lisbon", sectionKinds: ["SECTION_KIND_OVERVIEW"] },
        }),
      });
      const error = jsonErrorSchema.safeParse(await response.json()).data;
      return { status: response.status, reason: error?.details[0]?.debug.reason };
    };
    for (const tooShort of ["0", "1", "99"])
      assert.deepEqual(await post("connect-timeout-ms", tooShort), {
        status: 504,
        reason: "DEADLINE_TOO_SHORT",
      });
    assert.equal((await post("connect-timeout-ms", "9999999999")).status, 200);
    assert.deepEqual(await post("connect-timeout-ms", "soon"), { status: 400, reason: "REQUEST_INVALID" });

    const web = async (timeout: string): Promise<string | null> => {
      const response = await fetch(url("/grpc.health.v1.Health/Check"), {
        method: "POST",
        headers: { "content-type": "application/grpc-web+proto", "grpc-timeout": timeout },
        body: new Uint8Array(5),
      });
      const frames = readEnvelopes(Buffer.from(await response.arrayBuffer()));
      return /grpc-status: ?(\d+)/.exec(frames.at(-1)?.data.toString("utf8") ?? "")?.[1] ?? null;
    };
    for (const ages of ["99999999H", "99999999M", "99999999S", "5S"])
      assert.equal(await web(ages), "0", ages);
    assert.equal(await web("5 days"), String(status.INVALID_ARGUMENT));
  });
});

function readEnvelopes(bytes: Buffer): { flags: number; data: Buffer }[] {
  const found: { flags: number; data: Buffer }[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 1);
    found.push({ flags: bytes.readUInt8(at), data: bytes.subarray(at + 5, at + 5 + length) });
    at += 5 + length;
  }
  return found;
}
