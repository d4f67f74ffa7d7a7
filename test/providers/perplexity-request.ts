import { z } from "zod";

const location = z.strictObject({
  country: z.string().length(2).optional(),
  region: z.string().optional(),
  city: z.string().optional(),
  latitude: z.number().min(-90).max(90).optional(),
  longitude: z.number().min(-180).max(180).optional(),
});
export type SearchPlace = z.infer<typeof location>;

const date = z.string().regex(/^\d{2}\/\d{2}\/\d{4}$/);
const filters = z.strictObject({
  search_domain_filter: z.array(z.string()).max(20).optional(),
  search_recency_filter: z.enum(["hour", "day", "week", "month", "year"]).optional(),
  search_after_date_filter: date.optional(),
  search_before_date_filter: date.optional(),
  last_updated_after_filter: date.optional(),
  last_updated_before_filter: date.optional(),
});
const searchSize = z.enum(["low", "medium", "high"]).optional();
const jsonSchema = z.strictObject({
  type: z.literal("json_schema"),
  json_schema: z.strictObject({
    name: z.string().optional(),
    description: z.string().optional(),
    strict: z.boolean().optional(),
    schema: z.record(z.string(), z.unknown()),
  }),
});
/** A request of the Agent API; a field that is not here is refused. */
export const agentSchema = z.strictObject({
  input: z.string().min(1),
  preset: z.enum(["fast", "low", "medium", "high", "xhigh"]).optional(),
  model: z.string().optional(),
  models: z.array(z.string()).max(5).optional(),
  instructions: z.string().optional(),
  max_output_tokens: z.number().int().min(16).optional(),
  max_steps: z.number().int().min(1).max(100).optional(),
  max_tool_calls: z.number().int().min(0).optional(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal("web_search"),
        search_context_size: searchSize,
        max_results: z.number().int().min(1).max(50).optional(),
        max_tokens: z.number().int().optional(),
        max_tokens_per_page: z.number().int().optional(),
        user_location: location.optional(),
        filters: filters.optional(),
      }),
    )
    .optional(),
  tool_choice: z
    .union([z.enum(["none", "auto", "required"]), z.strictObject({ type: z.literal("web_search") })])
    .optional(),
  response_format: jsonSchema.optional(),
  reasoning: z.strictObject({ effort: z.string() }).optional(),
  store: z.boolean().optional(),
  stream: z.literal(false).optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
});
export const chatSchema = z.object({
  model: z.enum(["sonar", "sonar-pro"]),
  messages: z.array(z.object({ role: z.enum(["system", "user"]), content: z.string() })).min(1),
  max_tokens: z.number().int().optional(),
  response_format: jsonSchema.optional(),
  web_search_options: z
    .object({ search_context_size: searchSize, user_location: location.optional() })
    .optional(),
});
