import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Interceptor } from "@connectrpc/connect";
import {
  ContentService,
  StreamContentRequestSchema,
  StreamContentResponseSchema,
  type ContentQuery,
  type Priority,
  type Provider,
  type ReviewGuideRequestSchema,
  type ReviewGuideResponse,
  type StreamContentResponse,
} from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { Destination, ProviderOutcome } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { streamOf } from "../../../shared/grpc/messages.ts";
import type { PlannedContent } from "../plan.ts";
import { createGrpcTransport } from "./grpc-transport.ts";
import { toReceivedBytes } from "./grpc-wire.ts";
import { toHopError } from "./hop-error.ts";

/** A message of content-fetcher with its binary form, which is what the cache keeps. */
export interface ReceivedContent {
  readonly response: StreamContentResponse;
  readonly bytes: Uint8Array;
}

/** What the composer asks of content-fetcher. Failures are `ServiceError`s. */
export interface ContentClient {
  /** One message per planned content, as they land. Whoever stops reading ends the call. */
  readonly stream: (
    contents: readonly Pick<PlannedContent, "kind" | "provider">[],
    query: ContentQuery,
    priority: Priority,
    timeoutMs: number,
    signal: AbortSignal,
  ) => AsyncIterable<ReceivedContent>;
  readonly geocode: (
    query: string,
    languageCode: string,
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<{
    readonly destinations: readonly Destination[];
    readonly outcomes: readonly ProviderOutcome[];
  }>;
  readonly reviewGuide: (
    request: MessageInitShape<typeof ReviewGuideRequestSchema>,
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<ReviewGuideResponse>;
  readonly listProviders: (timeoutMs: number, signal: AbortSignal) => Promise<readonly Provider[]>;
  readonly close: () => void;
}

/** @param target gRPC target of content-fetcher */
export function createContentClient(
  target: string,
  interceptors: Interceptor[],
  now: () => number,
): ContentClient {
  const { transport, close } = createGrpcTransport(target, interceptors, now);
  const client = createClient(ContentService, transport);
  return {
    stream: async function* (contents, query, priority, timeoutMs, signal) {
      try {
        const targets = contents.map(({ kind, provider }) => ({ sectionKind: kind, provider }));
        const request = create(StreamContentRequestSchema, { targets, query, priority });
        // Past Connect's client, whose streams cannot be returned from.
        const { message: responses } = await transport.stream(
          ContentService.method.streamContent,
          signal,
          timeoutMs,
          undefined,
          streamOf(request),
        );
        for await (const response of responses)
          yield { response, bytes: toReceivedBytes(StreamContentResponseSchema, response) };
      } catch (error) {
        throw toHopError(error, signal, "caller");
      }
    },
    geocode: async (query, languageCode, timeoutMs, signal) => {
      try {
        return await client.geocodeDestination({ query, languageCode }, { timeoutMs, signal });
      } catch (error) {
        throw toHopError(error, signal, "own");
      }
    },
    reviewGuide: async (request, timeoutMs, signal) => {
      try {
        return await client.reviewGuide(request, { timeoutMs, signal });
      } catch (error) {
        throw toHopError(error, signal, "caller");
      }
    },
    listProviders: async (timeoutMs, signal) => {
      try {
        return (await client.listProviders({}, { timeoutMs, signal })).providers;
      } catch (error) {
        throw toHopError(error, signal, "own");
      }
    },
    close,
  };
}
