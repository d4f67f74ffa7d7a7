import { z } from "zod";
import type { KeyPlace } from "../../services/content-fetcher/http/http-client.ts";
import type { Limits, Provider } from "../../services/content-fetcher/provider.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";

const schema = z.object({ text: z.string() });

/** Setting that names the origin of a plain provider. */
export const plainOrigin = (id: string): string => `${id.toUpperCase().replaceAll("-", "_")}_BASE_URL`;

/** What a plain provider's server answers. */
export const PLAIN_ANSWER = { body: '{"text":"An old town on a river."}' } as const;

/**
 * An adapter of one GET, for tests of what lies between adapters and sockets: its limits are the test's.
 *
 * @param key where its key stands, when `change` names the setting of one
 */
export const plainProvider = (
  id: string,
  limits: Partial<Limits> = {},
  change: Partial<Provider> = {},
  key?: KeyPlace,
): Provider => ({
  id,
  displayName: id,
  origins: [{ setting: plainOrigin(id), defaultUrl: `https://${id}.test` }],
  offerings: [{ kind: SectionKind.OVERVIEW, dependsOn: [] }],
  terms: {
    license: "CC0-1.0",
    uri: "https://plain.test/",
    attribution: "",
    storable: true,
    maxStorageMs: undefined,
  },
  limits: { attemptTimeoutMs: 5_000, maxConcurrentCount: 30, maxCallsPerMinute: undefined, ...limits },
  fetch: async (_kind, { languageCode }, { http }) => {
    const request = {
      origin: plainOrigin(id),
      path: "/",
      query: { language: languageCode },
      ...(key !== undefined && { key }),
    };
    const { body } = await http.json(request, schema);
    const citations = [{ provider: `providers/${id}`, uri: `https://${id}.test/`, title: id }];
    return { state: "content", content: { narratives: [{ text: body.text, citations }] }, partial: false };
  },
  ...change,
});
