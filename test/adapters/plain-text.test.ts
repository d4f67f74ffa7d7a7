import assert from "node:assert/strict";
import { plainText, webUriOf } from "../../services/content-fetcher/providers/plain-text.ts";

describe("plain text", () => {
  it("has neither tags nor entities, and one space between the words", () => {
    const READ: readonly (readonly [written: string | null | undefined, text: string])[] = [
      ["Two&nbsp;concerts &amp; a <b>night</b>.<br/>Doors at 8.", "Two concerts & a night. Doors at 8."],
      ["<p>One</p><p>Two</p>", "One Two"],
      ["<a href='https://a.example/'>Tickets</a>, <em>now</em>!", "Tickets, now!"],
      ["Caf&#233; &#x2013; it&rsquo;s &ldquo;open&rdquo;&hellip;", "Café – it’s “open”…"],
      ["5 < 6 and 7 > 2", "5 < 6 and 7 > 2"],
      [
        "&#0;&#xD800;&#150;&#99999999;&constructor;&unknown;",
        "&#0;&#xD800;&#150;&#99999999;&constructor;&unknown;",
      ],
      ["&amp;lt;b&amp;gt;", "&lt;b&gt;"],
      ["  \n\t ", ""],
      [null, ""],
      [undefined, ""],
    ];
    for (const [written, text] of READ) assert.equal(plainText(written), text);
  });

  it("takes for a web address only what is one", () => {
    assert.equal(webUriOf(" https://tasca.example/menu "), "https://tasca.example/menu");
    for (const text of ["tasca.example", "javascript:alert(1)", "https://", "https://a b.example/", "", null])
      assert.equal(webUriOf(text), "");
  });
});
