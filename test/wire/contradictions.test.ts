import assert from "node:assert/strict";
import {
  contradictionsOf,
  FETCHER_SETTINGS,
  PROVIDER_SETTINGS,
} from "../../services/content-fetcher/config.ts";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { ConfigError, readSettings } from "../../shared/config.ts";

describe("settings that do not go together", () => {
  const problemsOf = (environment: Record<string, string>): readonly string[] => {
    try {
      readSettings({ ...FETCHER_SETTINGS, ...PROVIDER_SETTINGS }, environment, contradictionsOf);
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.problems;
    }
  };

  it("are no commercial use and a service that its terms keep for another", () => {
    assert.deepEqual(problemsOf({}), []);
    const problems = problemsOf({ COMMERCIAL_USE: "on", LOG_LEVEL: "loud" });
    assert.ok(
      problems.some((problem) => problem.startsWith("LOG_LEVEL must be")),
      "with all others",
    );
    const open = PROVIDERS.flatMap(({ origins }) => origins).filter(({ use }) => use !== undefined);
    assert.ok(open.length > 0);
    for (const { setting, defaultUrl } of open)
      assert.ok(
        problems.some((problem) => problem.startsWith(`${setting} is ${defaultUrl}, which the terms of`)),
      );
    const own = Object.fromEntries(open.map(({ setting }) => [setting, "https://own.example.org"]));
    assert.deepEqual(problemsOf({ COMMERCIAL_USE: "on", ...own }), []);
  });

  it("are something of a provider that is switched on, and no key for it", () => {
    const switched = { OPENWEATHER_ONE_CALL: "on" };
    assert.deepEqual(problemsOf(switched), [
      "OPENWEATHER_ONE_CALL is on, and OPENWEATHER_API_KEY is not set",
    ]);
    assert.deepEqual(problemsOf({ ...switched, OPENWEATHER_API_KEY: "a-key" }), []);
    const [problem, ...more] = problemsOf({ ...switched, OPENWEATHER_API_KEY: "a key" });
    assert.match(problem ?? "", /^OPENWEATHER_API_KEY must be/);
    assert.deepEqual(more, []);
  });
});
