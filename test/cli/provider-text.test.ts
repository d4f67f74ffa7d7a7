import assert from "node:assert/strict";
import * as fc from "fast-check";
import { create } from "@bufbuild/protobuf";
import { escapeLine, escapeMarkdown, safeUri } from "../../services/cli/markdown/escape.ts";
import { renderGuide } from "../../services/cli/markdown/guide.ts";
import { renderNarrative } from "../../services/cli/markdown/narrative.ts";
import { GuideSchema, SectionStatus } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { LISBON, mapped } from "../assemble/make.ts";

const DATE = { year: 2026, month: 12, day: 1 };
const page = (title: string, uri = "") => ({ provider: "providers/a", title, uri });

describe("text of providers", () => {
  it("stays text: nothing that Markdown or a terminal would act on", () => {
    assert.equal(
      escapeMarkdown("*a* [b](c) <script> `d` |e| ~~f~~ \\"),
      String.raw`\*a\* \[b\](c) \<script> \`d\` \|e\| \~\~f\~\~ \\`,
    );
    assert.equal(escapeMarkdown("snake_case & Sons &lt; _x_"), String.raw`snake_case & Sons \&lt; \_x\_`);
    assert.equal(
      escapeMarkdown("red\u001B[31m \u0007bell\u202Egnp.exe\r\nnext"),
      String.raw`red\[31m bellgnp.exe next`,
    );
    assert.equal(escapeLine("# one"), String.raw`\# one`);
    assert.equal(escapeLine("1. one"), String.raw`1\. one`);
    assert.equal(escapeLine("+351"), String.raw`\+351`);
  });

  it("links to the web only", () => {
    for (const uri of [
      "javascript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "//host",
      "http://",
      "x",
    ])
      assert.equal(safeUri(uri), undefined, uri);
    assert.equal(safeUri("https://example.org/a>b c"), "https://example.org/a%3Eb%20c");
  });

  it("keeps paragraphs, lists, emphasis and links of a narrative", () => {
    const text =
      "Old *town* and **castle**, see [the site](https://example.org/x_(y)).\n\n- one\n- two\n  - three";
    assert.equal(
      renderNarrative(text),
      "Old *town* and **castle**, see [the site](<https://example.org/x_(y)>).\n\n- one\n- two\n  - three",
    );
  });

  it("takes from a narrative what could pass for the guide's own", () => {
    const hostile = [
      "# Heading",
      "> quote",
      "---",
      "```",
      "    code",
      "![x](https://evil.example/p.png)",
      "[1]: https://evil.example",
      "[here](javascript:alert(1))",
      "<img src=x onerror=alert(1)>",
      "| a | b |",
      "Setext",
      "===",
      "a\u001B]8;;https://evil.example\u0007b",
    ].join("\n");
    const shown = renderNarrative(hostile).split("\n");
    assert.deepEqual(shown, [
      "**Heading**",
      String.raw`\> quote`,
      String.raw`\-\-\-`,
      "\\`\\`\\`",
      "code",
      "x",
      String.raw`\[1\]: https://evil.example`,
      "here",
      String.raw`\<img src=x onerror=alert(1)>`,
      String.raw`\| a \| b \|`,
      "Setext",
      String.raw`\=\=\=`,
      String.raw`a\]8;;https://evil.exampleb`,
    ]);
  });

  it("can add no heading, no control character and no tag to a guide, whatever it is", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc
        .array(
          fc.constantFrom(
            "\n",
            "# x",
            "## Attribution",
            "- ",
            "> ",
            "```",
            "---",
            "<b>",
            "[a](b)",
            "[1]: x",
            "\u001B[2J",
            "\u009B",
            "|",
            "\\",
            "**",
            " ",
            "=== ",
            "&lt;",
            "1. ",
            "\r",
            "\u2028",
          ),
          { maxLength: 8 },
        )
        .map((parts) => parts.join("")),
    );
    const HEADING =
      /^(?:# |## (?:S|What is missing, and why|Remarks of the review|Attribution|Where this comes from|Day by day)$|### )/;
    fc.assert(
      fc.property(hostile, (text) => {
        const guide = create(GuideSchema, {
          destination: { ...LISBON, displayName: text, region: text, countryCode: text },
          sections: [
            {
              title: "S",
              narratives: [{ heading: text, text, citations: [page(text, text)] }],
              facts: [{ key: "k", label: text, value: text, citations: [page(text)] }],
              listings: [
                mapped(text, text, {
                  summary: text,
                  address: text,
                  phone: text,
                  websiteUri: text,
                  openingHours: text,
                  citations: [page(text, `https://example.org/${text}`)],
                }),
              ],
              attributions: [{ provider: text, text, uri: text, license: text }],
              providerOutcomes: [{ provider: text, kind: OutcomeKind.FAILED, detail: text }],
              status: SectionStatus.PARTIAL,
            },
          ],
          omissions: [
            {
              kind: SectionKind.EVENTS,
              providerOutcomes: [{ provider: text, kind: OutcomeKind.FAILED, detail: text }],
            },
          ],
          itineraryDays: [{ date: DATE, stops: [{ listingKey: text }] }],
          qualityReview: { findings: [{ rule: text, message: text }] },
        });
        const rendered = renderGuide(guide, 0);
        assert.doesNotMatch(rendered, /[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/u);
        assert.ok(rendered.isWellFormed());
        const headings = rendered.split("\n").filter((line) => /^ {0,3}#{1,6}(?:\s|$)/.test(line));
        for (const line of headings) assert.match(line, HEADING);
        assert.ok(headings.length <= 9, headings.join("\n"));
        assert.doesNotMatch(rendered, /(?<!\\)(?:\\\\)*<(?!https?:\/\/[^\s<>]*>)/);
        assert.doesNotMatch(rendered, /^\s{0,3}(?:```|~~~|(?:\[[^\]]*\]:))/m);
      }),
      { numRuns: 400 },
    );
  });
});
