import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  CitationSchema,
  type AttributionSchema,
  type Citation,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Article } from "./article.ts";
import { readOnce } from "./read-once.ts";

const PROVIDER = "providers/wikivoyage";
export const LICENSE = "CC-BY-SA-4.0";

/** What an item that was taken from an article cites: one message, which all of its items share. */
export const citationOf: (article: Article) => Citation = readOnce(({ title, uri, fetchMs, revisionMs }) =>
  create(CitationSchema, {
    provider: PROVIDER,
    uri,
    title: `Wikivoyage: ${title}`,
    license: LICENSE,
    fetchTime: timestampFromMs(fetchMs),
    ...(revisionMs !== undefined && { publishTime: timestampFromMs(revisionMs) }),
  }),
);

/** What the licence asks to be shown: the work, its authors by a link to it, the licence, and that it was changed. */
export const attributionOf = ({ title, uri }: Article): MessageInitShape<typeof AttributionSchema> => ({
  provider: PROVIDER,
  text: `Wikivoyage, "${title}", CC BY-SA 4.0, modified`,
  uri,
  license: LICENSE,
});
