export { fastifyWebhook } from './fastify-webhook.ts';
export type { FastifyInstanceLike } from './fastify-webhook.ts';
export type { EventCounts, RotationFailure } from './event-receiver.ts';
export type { HeaderReader } from './event-signature.ts';
export type { Fetch, FetchResponse } from './fetch.ts';
export { koaHandler } from './koa-handler.ts';
export type { KoaContext } from './koa-handler.ts';
export { nodeHandler } from './node-handler.ts';
export type { NodeRequest, NodeResponse } from './node-handler.ts';
export type { PushOptions } from './options.ts';
export { rotationQueue } from './rotation-queue.ts';
export type { QueueStats, RotationQueue } from './rotation-queue.ts';
export type { RotationQueueOptions } from './queue-options.ts';
export { rotationWebhook } from './rotation-webhook.ts';
export type { RotationWebhook, WebRequest, WebResponse } from './rotation-webhook.ts';
export type {
  CloudMonitorOptions,
  EventBridgeOptions,
  RotationWebhookOptions,
  TokenOption,
} from './webhook-options.ts';
export type { IncomingEvent, WebhookAnswer, WebhookStats } from './webhook-receiver.ts';
