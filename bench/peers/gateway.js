// The gateway as a user of Node would write it: fastify, amqplib, one channel, a map from correlation id to promise.
'use strict';

const { randomUUID } = require('node:crypto');
const amqp = require('amqplib');
const fastify = require('fastify')();

const REPLY_TO = 'amq.rabbitmq.reply-to';
const waiting = new Map();

async function main() {
  const connection = await amqp.connect(process.env.RABBITMQ_URL, { noDelay: true });
  const channel = await connection.createChannel();
  await channel.consume(REPLY_TO, (reply) => {
    const resolve = waiting.get(reply.properties.correlationId);
    waiting.delete(reply.properties.correlationId);
    if (resolve) resolve(reply.content.toString());
  }, { noAck: true });
  fastify.get('/fib/:n', (request) => new Promise((resolve) => {
    const correlationId = randomUUID();
    waiting.set(correlationId, resolve);
    channel.sendToQueue('bench_node', Buffer.from(request.params.n), { correlationId, replyTo: REPLY_TO });
  }));
  await fastify.listen({ port: Number(process.env.SERVER_PORT), host: '127.0.0.1' });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
