import { create } from "@bufbuild/protobuf";
import {
  ReviewedSectionSchema,
  type ReviewedSection,
} from "../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { Guide, Section } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";

/** Of each section: enough to judge it by, and few enough that a model reads a whole guide in seconds. */
const MAX_LISTING_COUNT = 12;
const MAX_NARRATIVE_COUNT = 4;
const MAX_FACT_COUNT = 8;
const MAX_TITLE_LENGTH = 150;
const MAX_LISTING_LENGTH = 200;
const MAX_NARRATIVE_LENGTH = 400;

/** What of a guide is reviewed; sections without any text are left out. Nothing of a trip: a guide has none of it. */
export const reviewedSections = ({ sections }: Guide): ReviewedSection[] =>
  sections.flatMap((section) => {
    const texts = textsOf(section).filter(({ title }) => title !== "");
    return texts.length === 0 ? [] : [create(ReviewedSectionSchema, { sectionKind: section.kind, texts })];
  });

const textsOf = ({ listings, narratives, facts }: Section): { title: string; summary: string }[] => [
  ...listings.slice(0, MAX_LISTING_COUNT).map(({ title, summary, openingHours }) => ({
    title: cut(title, MAX_TITLE_LENGTH),
    summary: cut(openingHours === "" ? summary : `${openingHours}; ${summary}`, MAX_LISTING_LENGTH),
  })),
  ...facts.slice(0, MAX_FACT_COUNT).map(({ label, key, value }) => ({
    title: cut(label === "" ? key : label, MAX_TITLE_LENGTH),
    summary: cut(value, MAX_LISTING_LENGTH),
  })),
  ...narratives.slice(0, MAX_NARRATIVE_COUNT).map(({ heading, key, text }) => ({
    title: cut(heading === "" ? key : heading, MAX_TITLE_LENGTH),
    summary: cut(text, MAX_NARRATIVE_LENGTH),
  })),
];

/** On one line, without control characters, and short. */
const cut = (text: string, maxLength: number): string =>
  Array.from(
    text
      .slice(0, maxLength * 4)
      .toWellFormed()
      .replaceAll(/[\p{Cc}\s]+/gu, " ")
      .trim(),
  )
    .slice(0, maxLength)
    .join("");
