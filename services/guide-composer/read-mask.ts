import { clone, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import {
  GuideSchema,
  SectionSchema,
  type Guide,
  type Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { LISTING_KINDS, SECTION_KINDS } from "./sections.ts";

const NO_KINDS: readonly SectionKind[] = [];
const TEXT_KINDS = [SectionKind.OVERVIEW, SectionKind.PRACTICAL];

/**
 * Section kinds that a path of `Guide` needs: what is not needed is neither looked up nor fetched. The longest
 * matching prefix decides, and a path without a row needs all kinds.
 */
const KINDS_OF_PATH: Readonly<Record<string, readonly SectionKind[]>> = {
  name: NO_KINDS,
  destination: NO_KINDS,
  spec: NO_KINDS,
  create_time: NO_KINDS,
  "sections.forecasts": [SectionKind.WEATHER],
  "sections.listings": LISTING_KINDS,
  "sections.facts": TEXT_KINDS,
  itinerary_days: [...LISTING_KINDS, SectionKind.WEATHER],
  packing_items: [SectionKind.WEATHER],
  map_bounds: LISTING_KINDS,
};

/** Kinds that the paths need together; all when there is no path. */
export function kindsOfMask(paths: readonly string[]): ReadonlySet<SectionKind> {
  if (paths.length === 0) return new Set(SECTION_KINDS);
  return new Set(paths.flatMap((path) => kindsOfPath(path)));
}

function kindsOfPath(path: string): readonly SectionKind[] {
  for (let prefix = path; prefix !== ""; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf(".")))) {
    const kinds = KINDS_OF_PATH[prefix];
    if (kinds !== undefined) return kinds;
  }
  return SECTION_KINDS;
}

/** Paths that name no field of `desc`, repeated message fields included in the way. */
export const unknownPaths = (desc: DescMessage, paths: readonly string[]): readonly string[] =>
  paths.filter((path) => !isPathOf(desc, path.split(".")));

function isPathOf(desc: DescMessage, [head, ...rest]: readonly string[]): boolean {
  const field = desc.fields.find(({ name }) => name === head);
  if (field === undefined) return false;
  if (rest.length === 0) return true;
  return field.message !== undefined && isPathOf(field.message, rest);
}

/** A copy of the guide with only the fields that the paths name; the guide itself when there is no path. */
export const maskGuide = (guide: Guide, paths: readonly string[]): Guide =>
  paths.length === 0 ? guide : masked(GuideSchema, guide, paths);

/** The same for one section of a stream: `sections.listings` keeps its listings. Undefined when no path keeps anything. */
export function maskSection(section: Section, paths: readonly string[]): Section | undefined {
  if (paths.length === 0 || paths.includes("sections")) return section;
  const inner = paths
    .filter((path) => path.startsWith("sections."))
    .map((path) => path.slice("sections.".length));
  // A section without its kind could not be told from the others.
  return inner.length === 0 ? undefined : masked(SectionSchema, section, [...inner, "kind"]);
}

function masked<T extends Message>(
  desc: DescMessage & { readonly typeName: T["$typeName"] },
  message: T,
  paths: readonly string[],
): T {
  const copy = clone<DescMessage>(desc, message);
  prune(
    reflect(desc, copy),
    paths.map((path) => path.split(".")),
  );
  return copy as T;
}

function prune(message: ReflectMessage, paths: readonly (readonly string[])[]): void {
  for (const field of message.fields) {
    const own = paths.filter(([head]) => head === field.name);
    if (own.length === 0) {
      message.clear(field);
      continue;
    }
    const inner = own.map((path) => path.slice(1));
    if (inner.some((path) => path.length === 0) || !message.isSet(field)) continue;
    if (field.fieldKind === "message") {
      prune(message.get(field), inner);
    } else if (field.fieldKind === "list" && field.listKind === "message") {
      const list = message.get(field);
      for (let index = 0; index < list.size; index += 1) {
        const item: unknown = list.get(index);
        if (isReflectMessage(item)) prune(item, inner);
      }
    }
  }
}

const isReflectMessage = (value: unknown): value is ReflectMessage =>
  typeof value === "object" && value !== null && "desc" in value && "fields" in value;
