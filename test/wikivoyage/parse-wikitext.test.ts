import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  parseWikitext,
  templatesOf,
  type Node,
  type Template,
} from "../../services/content-fetcher/providers/wikivoyage/wikitext/parse-wikitext.ts";
import {
  cleanWikitext,
  splitSections,
} from "../../services/content-fetcher/providers/wikivoyage/wikitext/clean-wikitext.ts";
import { plainText } from "../../services/content-fetcher/providers/wikivoyage/wikitext/runs.ts";

const parse = (text: string): Node[] => parseWikitext(cleanWikitext(text));
const textOf = (text: string): string => plainText(parse(text));
const first = (text: string): Template => {
  const [template] = templatesOf(parse(text));
  assert.ok(template, `a template is in ${text}`);
  return template;
};
const parametersOf = (text: string): Record<string, string> =>
  Object.fromEntries([...first(text).parameters].map(([name, value]) => [name, plainText(value)]));

describe("wikitext: templates", () => {
  it("are read with named and numbered parameters, whatever the capitals and the white space", () => {
    assert.equal(first("{{ See_Also |x}}").name, "see also");
    assert.deepEqual(parametersOf("{{Listing\n| Name = A B | lat=1|long= 2 \n|plain|= x|second}}"), {
      name: "A B",
      lat: "1",
      long: "2",
      "1": "plain",
      "": "x",
      "2": "second",
    });
  });

  it("keep pipes, equals signs and braces of nested constructs apart from their own", () => {
    assert.deepEqual(
      parametersOf("{{see|name=[[A|B]]|content={{lang|ja|x}} [https://a.test/?b=c d=e] {{mi|5}}|alt=z}}"),
      { name: "B", content: "x d=e 5 mi (8 km)", alt: "z" },
    );
  });

  it("do not see what comments and nowiki hold", () => {
    assert.deepEqual(parametersOf("{{see|name=a<!-- | b=c }} -->|alt=<nowiki>{{x|y}}</nowiki>}}"), {
      name: "a",
      alt: "x|y",
    });
    assert.equal(textOf("'''Mattapan'''<nowiki>'</nowiki>s"), "Mattapan's");
  });

  it("take the last value of a repeated name that says something", () => {
    assert.deepEqual(parametersOf("{{see|phone=1|phone=2|phone=}}"), { phone: "2" });
  });

  it("show the default of a parameter of their own page", () => {
    assert.equal(textOf("a {{{1|b}}} c"), "a b c");
    assert.equal(textOf("a {{{{{x}}}|b}} c"), "a c");
  });

  it("are found inside of other templates and of captions", () => {
    const names = [...templatesOf(parse("{{a|x={{b}}|{{c}}}} [[File:x.jpg|thumb|{{d}}]]"))].map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ["a", "b", "c", "d"]);
  });
});

describe("wikitext: what is broken", () => {
  it("leaves its neighbours whole", () => {
    const names = (text: string): string[] =>
      [...templatesOf(parse(text))].map(({ parameters }) => plainText(parameters.get("name") ?? []));
    assert.deepEqual(names("{{see|name=a|content=[[x}}\n{{see|name=b}}"), ["a", "b"]);
    assert.deepEqual(names("{{see|name=lost\n{{see|name=b}}"), ["b"]);
    assert.deepEqual(names("[[File:x|thumb|caption\n{{see|name=b|content=]] }}"), ["b"]);
    assert.deepEqual(names("{{see|name=a|url=[https://a.test |content=y}} {{see|name=b}}"), ["a", "b"]);
  });

  it("keeps the address of a link that is never closed", () => {
    assert.equal(parametersOf("{{see|url=[https://a.test/x |alt=y}}")["url"], "https://a.test/x");
  });

  it("ends an open link to another site with its line", () => {
    assert.equal(textOf("[https://a.test one\ntwo]"), "https://a.test one two]");
  });

  it("shows what is open as text without its marks", () => {
    assert.equal(textOf("a {{b c [[d e"), "a b c d e");
    assert.equal(textOf("[[https://a.test b]]"), "b");
  });
});

describe("wikitext: sections", () => {
  it("begin at heading lines, of any level", () => {
    const sections = splitSections(
      cleanWikitext("a\n==See==\nb\n=== Parks === \nc\n== x = y ==\nd\n=nope\n==\n"),
    );
    assert.deepEqual(
      sections.map(({ level, heading, body }) => [level, heading, body.trim()]),
      [
        [0, "", "a"],
        [2, "See", "b"],
        [3, "Parks", "c"],
        [2, "x = y", "d\n=nope\n=="],
      ],
    );
  });
  it("do not begin in comments, nowiki or notes", () => {
    const hidden = "a<!--\n==x==\n--><nowiki>\n==y==\n</nowiki><ref>\n==z==\n</ref>";
    assert.equal(splitSections(cleanWikitext(hidden)).length, 1);
  });
});

const MARKS =
  "{{|}}|[[|]]|[|]|||=|'''|''|<!--|-->|<nowiki>|</nowiki>|<ref>|</ref>|<br/>|<b>|</b>|{||}|\n|* |==x==|{{{|}}}|https://a.test|&amp;|&#91;|name=|word|é |东京|\u0000|__TOC__".split(
    /(?<!^)\|(?!\||$)/,
  );
const fragments = fc.oneof(
  fc.array(fc.constantFrom(...MARKS), { maxLength: 60 }).map((parts) => parts.join("")),
  fc.string({ maxLength: 60, unit: "binary" }),
);
/** Constructs that are well formed, as deep as articles have them and deeper. */
const { construct } = fc.letrec<{ construct: string }>((tie) => ({
  construct: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("word", "a b", "x, y."),
    tie("construct").map((inner) => `{{see|name=n|content=${inner}}}`),
    tie("construct").map((inner) => `{{unknown|${inner}}}`),
    tie("construct").map((inner) => `[[Page|${inner}]]`),
    tie("construct").map((inner) => `[[File:x.jpg|thumb|${inner}]]`),
    tie("construct").map((inner) => `[https://a.test ${inner}]`),
    tie("construct").map((inner) => `'''${inner}'''`),
    tie("construct").map((inner) => `<small>${inner}</small><!-- {{ -->`),
    fc.tuple(tie("construct"), tie("construct")).map(([a, b]) => `${a} ${b}`),
  ),
}));

describe("wikitext: any text", () => {
  it("is read without an error, and leaves no brackets, braces, quotes or tags of markup", () => {
    fc.assert(
      fc.property(fragments, (text) => {
        assert.doesNotMatch(textOf(text), /\[\[|\]\]|\{\{|\}\}|\{\||\|\}|''|\[https?:/);
        // What stands in nowiki is shown as it is.
        const marked = text.replaceAll(/<\/?nowiki>/g, "");
        assert.doesNotMatch(textOf(marked), /<\/?(?:ref|b|br)\b|<!--|__TOC__/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("leaves nothing of constructs that are well formed", () => {
    fc.assert(
      fc.property(construct, (text) => {
        assert.doesNotMatch(textOf(text), /[[\]{}|<>=]|''|https?:|File:/);
      }),
      { numRuns: 1_000 },
    );
  });

  /** Work that grows with the square would take minutes for these. */
  const HOSTILE: Readonly<Record<string, (count: number) => string>> = {
    "braces that are never closed": (count) => "{{a|".repeat(count),
    "brackets that are never closed": (count) => "[[a{{b}}".repeat(count),
    "links in titles": (count) => "[[a{{b}} ".repeat(count) + "]]".repeat(count),
    "links in links": (count) => "[[a|".repeat(count) + "]]".repeat(count),
    "links without targets": (count) => "[[{{b}}|".repeat(count) + "]]".repeat(count),
    "templates in templates": (count) => "{{a|".repeat(count) + "}}".repeat(count),
    "one run of braces": (count) => "{".repeat(count) + "}".repeat(count),
    "addresses that are never closed": (count) => "[https://a.test ".repeat(count),
    "notes that are never closed": (count) => "<ref>".repeat(count),
    "comments in comments": (count) => "<!--".repeat(count),
    "tags that are never closed": (count) => "<a ".repeat(count),
    apostrophes: (count) => "a'''b''c".repeat(count),
    "empty parentheses": (count) => "(".repeat(count) + ")".repeat(count),
    "table starts": (count) => "{|\n".repeat(count),
    headings: (count) => "==a==\n".repeat(count),
  };
  for (const [what, make] of Object.entries(HOSTILE)) {
    it(`is read in time: ${what}`, () => {
      for (const { body } of splitSections(cleanWikitext(make(40_000)))) plainText(parseWikitext(body));
    });
  }
});
