// What the template describes, running here: its functions with the handlers, variables and roles that it gives them, the API with
// its routes, the distribution with its paths and headers, and the notification of its bucket.
'use strict';
const http = require('node:http');
const path = require('node:path');
const vm = require('node:vm');
const { createRequire } = require('node:module');
const { Runtime } = require('../lambda/runtime.js');
const { shapes } = require('../lambda/gateway.js');
const { REGION, SECRET } = require('./services');

const ERROR_OF_S3 = { 'content-type': 'application/xml' };

const readAll = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

async function listen(listener) {
  const server = http.createServer((req, res) =>
    listener(req, res).catch((error) => {
      process.stderr.write(`${req.method} ${req.url}: ${error.stack}\n`);
      res.writeHead(500).end();
    }),
  );
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

class Cloud {
  // describe: gives the resources, resolved, for the origin of the site, which is known when there is a port for it.
  // bootstraps: key of a zip -> {program, root}. site: path -> {headers, body} of what the page's bucket has.
  static async start({ describe, services, bootstraps, site }) {
    const cloud = new Cloud();
    cloud.front = await listen((req, res) => cloud.serve(req, res));
    cloud.url = `http://127.0.0.1:${cloud.front.address().port}`;
    const resources = describe(cloud.url);
    Object.assign(cloud, { resources, services, site, functions: {}, deadLetters: [], delivered: [], pending: new Set() });
    for (const [name, { Type, Properties }] of Object.entries(resources)) {
      if (Type === 'AWS::Lambda::Function') cloud.functions[name] = await cloud.startFunction(Properties, bootstraps);
    }
    cloud.notifications = await listen((req, res) => cloud.takeNotification(req, res));
    const { LambdaConfigurations: direct, QueueConfigurations: queued } =
      resources.ImagesBucket.Properties.NotificationConfiguration;
    const [{ Filter }] = direct || queued;
    cloud.isQueued = Boolean(queued);
    const source = resources.ThumbnailSource && resources.ThumbnailSource.Properties.FunctionName;
    cloud.notified = cloud.functionOf(cloud.isQueued ? source : direct[0].Function);
    const { BucketName, CorsConfiguration } = resources.ImagesBucket.Properties;
    await services.control('/settings', {
      gate: {
        notify: { prefix: Filter.S3Key.Rules[0].Value, url: `http://127.0.0.1:${cloud.notifications.address().port}/` },
        cors: { [BucketName]: CorsConfiguration.CorsRules },
      },
    });
    cloud.bucketUrl = `http://127.0.0.1:${services.ports.s3}`;
    const { S3Client } = createRequire(path.join(process.env.AWS_GATE_MODULES, 'x.js'))('@aws-sdk/client-s3');
    cloud.s3 = new S3Client({
      region: REGION,
      endpoint: cloud.bucketUrl,
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKIDDISTRIBUTION', secretAccessKey: SECRET },
    });
    return cloud;
  }

  async startFunction({ Handler, MemorySize, FunctionName, Environment, Role, Code }, bootstraps) {
    const runtime = new Runtime(),
      { program, root } = bootstraps[Code.S3Key];
    await runtime.start();
    const { PATH, HOME, ...own } = this.services.environment(`AKID${Role.split('.')[0].toUpperCase()}`);
    const variables = Object.fromEntries(Object.entries(Environment.Variables).map(([name, value]) => [name, String(value)]));
    runtime.run(program, {
      ...own,
      ...variables,
      _HANDLER: Handler,
      LAMBDA_TASK_ROOT: root,
      PIXMILL_PROJECT: this.services.project,
      AWS_LAMBDA_FUNCTION_NAME: FunctionName,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
    });
    return runtime.idle();
  }

  functionOf(arn) {
    const name = arn.split(':').pop();
    const [found] = Object.entries(this.resources).find(
      ([, it]) => it.Type === 'AWS::Lambda::Function' && it.Properties.FunctionName === name,
    );
    return this.functions[found];
  }

  // ---- the notification ----

  async takeNotification(req, res) {
    const event = JSON.parse(await readAll(req));
    res.writeHead(200).end();
    const delivery = this.deliver(event);
    this.pending.add(delivery);
    await delivery.finally(() => this.pending.delete(delivery));
  }

  // That no event that came is on its way any more.
  async settled() {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  // As Lambda does it with events: again where it failed, and in the end to where the template says.
  async deliver(event) {
    const { ThumbnailQueue: queue, ThumbnailRetries: retries } = this.resources;
    const tries = this.isQueued ? queue.Properties.RedrivePolicy.maxReceiveCount : retries.Properties.MaximumRetryAttempts + 1;
    for (let i = 1; i <= tries; i++) {
      const answer = await this.notified.invoke(this.isQueued ? this.messageOf(event, i) : event);
      const isTaken = answer.outcome === 'response' && !(this.isQueued && JSON.parse(answer.body).batchItemFailures.length > 0);
      this.delivered.push({ event, isTaken });
      if (isTaken) return;
    }
    this.deadLetters.push(event);
  }

  messageOf(event, count) {
    const { QueueName } = this.resources.ThumbnailQueue.Properties;
    return {
      Records: [
        {
          messageId: '19dd0b57-b21e-4ac1-bd88-01bbb068cb78',
          receiptHandle: 'MessageReceiptHandle',
          body: JSON.stringify(event),
          attributes: {
            ApproximateReceiveCount: String(count),
            SentTimestamp: String(Date.now()),
            SenderId: 'AIDA',
            ApproximateFirstReceiveTimestamp: '1',
          },
          messageAttributes: {},
          md5OfBody: '',
          eventSource: 'aws:sqs',
          eventSourceARN: `arn:aws:sqs:${REGION}:111122223333:${QueueName}`,
          awsRegion: REGION,
        },
      ],
    };
  }

  // ---- the distribution ----

  async serve(req, res) {
    const { DistributionConfig } = this.resources.Distribution.Properties;
    const [at] = req.url.split('?');
    const behaviour =
      DistributionConfig.CacheBehaviors.find(({ PathPattern }) => at.startsWith(PathPattern.replace('*', ''))) ||
      DistributionConfig.DefaultCacheBehavior;
    const { AllowedMethods = ['GET', 'HEAD'], TargetOriginId } = behaviour;
    const origins = { api: () => this.callApi(req), images: () => this.getPicture(at), site: () => this.getPage(at) };
    const answer = AllowedMethods.includes(req.method)
      ? await origins[TargetOriginId]()
      : { status: 403, headers: { 'content-type': 'text/html' }, body: '<title>ERROR: The request could not be satisfied</title>' };
    res.writeHead(answer.status, { ...answer.headers, ...this.policyOf(behaviour) });
    res.end(req.method === 'HEAD' ? undefined : answer.body);
  }

  // Headers that the policy of a behaviour adds. The page's bucket is at another address here than the one that it names.
  policyOf({ ResponseHeadersPolicyId: id }) {
    if (!id) return {};
    const { SecurityHeadersConfig: security, CustomHeadersConfig: custom } =
      this.resources[id].Properties.ResponseHeadersPolicyConfig;
    const bucket = `https://${this.resources.ImagesBucket.Properties.BucketName}.s3.${REGION}.amazonaws.com`;
    return {
      'content-security-policy': security.ContentSecurityPolicy.ContentSecurityPolicy.replace(bucket, this.bucketUrl),
      'x-content-type-options': 'nosniff',
      ...(security.FrameOptions ? { 'x-frame-options': security.FrameOptions.FrameOption } : {}),
      ...(security.ReferrerPolicy ? { 'referrer-policy': security.ReferrerPolicy.ReferrerPolicy } : {}),
      'strict-transport-security': `max-age=${security.StrictTransportSecurity.AccessControlMaxAgeSec}`,
      ...Object.fromEntries(custom.Items.map(({ Header, Value }) => [Header, Value])),
    };
  }

  // Nobody may list the bucket, so what is not there is denied.
  async getPage(at) {
    const source = this.resources.PagePaths.Properties.FunctionCode;
    const { uri } = vm.runInNewContext(`${source}; handler(event)`, { event: { request: { uri: at, headers: {} } } });
    const file = this.site.get(uri);
    return file ? { status: 200, ...file } : { status: 403, headers: ERROR_OF_S3, body: '<Error><Code>AccessDenied</Code></Error>' };
  }

  async getPicture(at) {
    const { GetObjectCommand } = createRequire(path.join(process.env.AWS_GATE_MODULES, 'x.js'))('@aws-sdk/client-s3');
    const Bucket = this.resources.ImagesBucket.Properties.BucketName;
    try {
      const object = await this.s3.send(new GetObjectCommand({ Bucket, Key: decodeURIComponent(at.slice(1)) }));
      const headers = {
        'content-type': object.ContentType,
        ...(object.CacheControl ? { 'cache-control': object.CacheControl } : {}),
      };
      return { status: 200, headers, body: await readAll(object.Body) };
    } catch (error) {
      return { status: error.$metadata.httpStatusCode, headers: {}, body: '' };
    }
  }

  // ---- the API ----

  routeOf(method, at) {
    const routes = Object.values(this.resources).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route');
    return routes.find(({ Properties: { RouteKey } }) => {
      const [verb, route] = RouteKey.split(' ');
      return verb === method && new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`).test(at);
    });
  }

  // Of an access token; its signature is the user pool's matter. null: there is none.
  claimsOf(req) {
    const token = /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(req.headers.authorization || '');
    return token && JSON.parse(Buffer.from(token[1], 'base64url').toString());
  }

  async callApi(req) {
    const body = await readAll(req),
      { StageName: stage } = this.resources.ApiStage.Properties;
    const [, at, query] = new RegExp(`^/${stage}([^?]*)\\??(.*)$`).exec(req.url);
    const route = this.routeOf(req.method, at);
    if (!route) return { status: 404, headers: { 'content-type': 'application/json' }, body: '{"message":"Not Found"}' };
    const claims = route.Properties.AuthorizationType === 'JWT' ? this.claimsOf(req) : undefined;
    if (claims === null) return { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: '{"message":"Unauthorized"}' };
    const integration = this.resources[route.Properties.Target.split('/')[1]].Properties;
    const event = { ...shapes.v2(req, at, query, body, { stage, claims }), routeKey: route.Properties.RouteKey };
    event.headers.host = `api.execute-api.${REGION}.amazonaws.com`;
    const answer = await this.functionOf(integration.IntegrationUri).invoke(event);
    if (answer.outcome !== 'response') return { status: 500, headers: {}, body: '{"message":"Internal Server Error"}' };
    const { statusCode, headers, body: text = '', isBase64Encoded } = JSON.parse(answer.body);
    return { status: statusCode, headers, body: Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8') };
  }

  async stop() {
    for (const server of [this.front, this.notifications]) {
      server.closeAllConnections();
      server.close();
    }
    this.s3.destroy();
    for (const runtime of Object.values(this.functions)) await runtime.stop();
  }
}

module.exports = { Cloud, listen, readAll };
