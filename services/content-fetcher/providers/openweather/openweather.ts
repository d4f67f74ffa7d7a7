import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { daysBetween, isoDayAt, tripDays } from "../civil-days.ts";
import { fetchForecast, FORECAST_DAY_COUNT } from "./forecast.ts";
import { geocode } from "./geocoding.ts";
import { fetchOneCall, ONE_CALL_DAY_COUNT } from "./one-call.ts";
import { LICENSE, ORIGIN } from "./request.ts";

const ONE_CALL = "OPENWEATHER_ONE_CALL";

/**
 * OpenWeather: the weather of the next days, and places by name. A free key is enough; with the subscription to One Call
 * the days are whole ones, and eight.
 */
export const openWeather: Provider = {
  id: "openweather",
  displayName: "OpenWeather",
  origins: [{ setting: ORIGIN, defaultUrl: "https://api.openweathermap.org" }],
  keySetting: "OPENWEATHER_API_KEY",
  switches: [
    {
      setting: ONE_CALL,
      description:
        "Whether OpenWeather is asked for eight whole days by One Call 3.0, off or on: on takes a subscription of its own, off gives the days that the free forecast covers.",
    },
  ],
  // Nothing is charged for a free key. One Call is charged for beyond a number of calls a day: which call that is, no
  // answer tells.
  offerings: [{ kind: SectionKind.WEATHER, dependsOn: [QueryAspect.DATES] }],
  terms: {
    license: LICENSE,
    uri: "https://openweathermap.org/",
    attribution: "Weather data provided by OpenWeather",
    storable: true,
    maxStorageMs: undefined,
  },
  // 60 calls a minute are what a free key has.
  limits: { attemptTimeoutMs: 3_000, maxConcurrentCount: 2, maxCallsPerMinute: 60 },
  fetch: fetchWeather,
  geocode,
};

async function fetchWeather(
  _kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const { timeZone, location } = query.destination;
  const oneCall = context.switchedOn.has(ONE_CALL);
  const reachDayCount = oneCall ? ONE_CALL_DAY_COUNT : FORECAST_DAY_COUNT;
  const today = isoDayAt(context.now(), timeZone);
  const days = tripDays(query).filter((day) => daysBetween(today, day) < reachDayCount);
  if (days.length === 0)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", `the forecast reaches ${reachDayCount} days ahead`);
  if (location === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  const forecasts = await (oneCall ? fetchOneCall : fetchForecast)(days, location, query, context);
  if (forecasts === undefined) return { state: "nothing-found" };
  if (forecasts.length === 0)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the forecast covers none of the days whole enough");
  return { state: "content", content: { forecasts: [...forecasts] }, partial: false };
}
