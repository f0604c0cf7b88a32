// The server as a user of Node would write it: amqplib, one channel, an acknowledgement a request.
'use strict';

const amqp = require('amqplib');

// Fast doubling, as in fib-server.
function fibonacci(n) {
  let current = 0n;
  let previous = 1n;
  let odd = false;
  for (let bit = n === 0 ? 0 : 1 << (31 - Math.clz32(n)); bit !== 0; bit >>>= 1) {
    const square = current * current;
    const previousSquare = previous * previous;
    const below = square + previousSquare;
    const above = 4n * square - previousSquare + (odd ? -2n : 2n);
    const middle = above - below;
    odd = (n & bit) !== 0;
    [current, previous] = odd ? [above, middle] : [middle, below];
  }
  return current;
}

async function main() {
  const connection = await amqp.connect(process.env.RABBITMQ_URL, { noDelay: true });
  const channel = await connection.createChannel();
  await channel.assertQueue('bench_node');
  await channel.prefetch(250);
  await channel.consume('bench_node', (request) => {
    const { replyTo, correlationId } = request.properties;
    const digits = fibonacci(Number(request.content.toString())).toString();
    channel.sendToQueue(replyTo, Buffer.from(digits), { correlationId });
    channel.ack(request);
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
