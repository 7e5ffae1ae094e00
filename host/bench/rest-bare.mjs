// The baseline of transports-rest: a Fastify server that parses a JSON body and sends it back, and nothing else.
import { fastify } from 'fastify';
import { answerCpu } from './rest-process.mjs';

const app = fastify();
app.post('/echo', (request, reply) => reply.send(request.body));
await app.listen({ host: '127.0.0.1', port: 0 });
answerCpu({ url: `http://127.0.0.1:${app.server.address().port}/echo` });
