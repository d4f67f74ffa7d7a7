import type { Dispatcher } from "undici";

/**
 * The dispatcher, telling of each request that it begins to leave: it has a connection, and its first byte is next. A
 * request that fails before was never sent.
 */
export const watchSending = (dispatcher: Dispatcher, onSend: () => void): Dispatcher =>
  dispatcher.compose((dispatch) => (options, handler) => dispatch(options, watched(handler, onSend)));

const watched = (handler: Dispatcher.DispatchHandler, onSend: () => void): Dispatcher.DispatchHandler => ({
  onRequestStart: (controller, context) => {
    onSend();
    handler.onRequestStart?.(controller, context);
  },
  onResponseStart: (controller, status, headers, message) =>
    handler.onResponseStart?.(controller, status, headers, message),
  onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
  onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
  onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
});
