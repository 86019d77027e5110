#!/usr/bin/env node
// What docs/deploy-aws.md tells from the template: a diagram of it in Mermaid, and its parameters. usage: document.js [--write]
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { load, mentions, resolve } = require('./template');
const { statementsOf } = require('./iam');

const root = path.join(__dirname, '../..');
const DOCUMENT = path.join(root, 'docs/deploy-aws.md');

const shapes = {
  // type -> [before, after] of the text of a node
  'AWS::CloudFront::Distribution': ['([', '])'],
  'AWS::ApiGatewayV2::Api': ['([', '])'],
  'AWS::S3::Bucket': ['[(', ')]'],
  'AWS::DynamoDB::Table': ['[(', ')]'],
  'AWS::SQS::Queue': ['[[', ']]'],
  'AWS::SNS::Topic': ['>', ']'],
  'AWS::Lambda::Function': ['[', ']'],
};

function draw(template) {
  const given = { CodeBucket: 'code', CodeKey: 'a', LightCodeKey: 'b', UploadToken: 'secret', TriggerMode: 'queue' };
  const resolved = resolve(template, given),
    raw = template.Resources;
  const ofType = (type) => Object.entries(raw).filter(([, it]) => it.Type === type);
  const drawn = Object.entries(raw)
    .filter(([, it]) => shapes[it.Type])
    .map(([name]) => name);
  const inside = (value) =>
    [...new Set(mentions(value).map(([, name]) => name.split('.')[0]))].filter((name) => drawn.includes(name));
  const lines = [];
  const edge = (from, to, label, style = '-->') => lines.push(`  ${from} ${style}|"${label}"| ${to}`);

  const { DistributionConfig: config } = raw.Distribution.Properties;
  for (const { Id, DomainName } of config.Origins) {
    const paths = config.CacheBehaviors.filter((it) => it.TargetOriginId === Id).map((it) => it.PathPattern);
    edge('Distribution', inside(DomainName)[0], paths.join(' ') || 'all else');
  }
  const routes = new Map();
  for (const [, { Properties }] of ofType('AWS::ApiGatewayV2::Route')) {
    const [integration] = mentions(Properties.Target)
      .map(([, name]) => name)
      .filter((name) => raw[name]);
    const [to] = inside(raw[integration].Properties.IntegrationUri);
    routes.set(to, [...(routes.get(to) || []), Properties.RouteKey]);
  }
  for (const [to, keys] of routes) edge('Api', to, keys.join('<br>'));

  const { LambdaConfigurations, QueueConfigurations } = raw.ImagesBucket.Properties.NotificationConfiguration;
  for (const [name, it] of [
    ['direct', LambdaConfigurations],
    ['queue', QueueConfigurations],
  ]) {
    edge('ImagesBucket', inside(it)[0], `uploads/ created (TriggerMode ${name})`);
  }
  for (const [, { Properties }] of ofType('AWS::Lambda::EventSourceMapping')) {
    edge(
      inside(Properties.EventSourceArn)[0],
      inside(Properties.FunctionName)[0],
      `at most ${template.Parameters.QueueConcurrency.Default} at once`,
    );
  }

  const arns = { ImagesBucket: `arn:aws:s3:::${resolved.ImagesBucket.Properties.BucketName}`, ImagesTable: ':table/' };
  for (const [name, { Properties }] of ofType('AWS::Lambda::Function')) {
    const [role] = mentions(Properties.Role).map(([, it]) => it.split('.')[0]);
    for (const [to, arn] of Object.entries(arns)) {
      const rights = statementsOf(resolved).filter((it) => it.role === role && it.resources.some((one) => one.includes(arn)));
      const words = rights.flatMap(({ actions, resources }) =>
        resources.map((one) =>
          `${/(uploads|thumbnails|index\/newest)/.exec(one)?.[0] ?? ''} ${actions.map((it) => it.split(':')[1]).join(' ')}`.trim(),
        ),
      );
      if (words.length > 0) edge(name, to, words.join('<br>'), '-.->');
    }
  }
  for (const [, { Properties }] of ofType('AWS::Lambda::EventInvokeConfig')) {
    edge(inside(Properties.FunctionName)[0], inside(Properties.DestinationConfig)[0], 'given up');
  }
  for (const [name, { Properties }] of ofType('AWS::SQS::Queue')) {
    if (Properties.RedrivePolicy) edge(name, inside(Properties.RedrivePolicy)[0], 'given up');
  }
  const alarms = ofType('AWS::CloudWatch::Alarm');
  const watched = new Set(
    alarms.flatMap(([, { Properties }]) => inside([Properties.Dimensions || [], Properties.Metrics || []])),
  );
  for (const name of watched) edge(name, inside(alarms[0][1].Properties.AlarmActions)[0], 'alarms', '-.->');

  const nodes = drawn.map((name) => `  ${name}${shapes[raw[name].Type][0]}"${name}"${shapes[raw[name].Type][1]}`);
  return `\`\`\`mermaid\nflowchart LR\n${[...nodes, ...lines].join('\n')}\n\`\`\``;
}

function listParameters({ Parameters }) {
  const rows = Object.entries(Parameters)
    .filter(([name]) => !/^Code|^Light/.test(name))
    .map(([name, { Default, Description }]) => {
      const [, what, cost] = /^(.*?)\.? Cost: (.*)$/.exec(Description.replace(/\s+/g, ' '));
      return `| \`${name}\` | ${Default === '' || Default === undefined ? '' : `\`${Default}\``} | ${what}. | ${cost} |`;
    });
  return ['| parameter | default | | cost |', '|---|---|---|---|', ...rows].join('\n');
}

const parts = { diagram: draw, parameters: listParameters };

// The document with its parts as they should be.
function rewrite(text) {
  const template = load(path.join(root, 'deploy/aws/template.yaml'));
  return Object.entries(parts).reduce((document, [name, write]) => {
    const start = `<!-- ${name}: node tests/deploy/document.js --write -->\n`,
      end = `\n<!-- end of ${name} -->`;
    const from = document.indexOf(start) + start.length,
      to = document.indexOf(end);
    if (from < start.length || to < from) throw new Error(`${DOCUMENT} has no place for ${name}`);
    return document.slice(0, from) + write(template) + document.slice(to);
  }, text);
}

module.exports = { DOCUMENT, rewrite };

if (require.main === module) {
  const text = rewrite(fs.readFileSync(DOCUMENT, 'utf8'));
  if (process.argv[2] === '--write') fs.writeFileSync(DOCUMENT, text);
  else process.stdout.write(text);
}
