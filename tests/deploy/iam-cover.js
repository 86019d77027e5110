#!/usr/bin/env node
// Holds calls that were made against what a template allows: fails on a call that is not allowed, and on an Allow that was never
// used.
// usage: iam-cover.js CALLS TEMPLATE [NAME=VALUE...]   CALLS: lines of JSON, as tests/aws-gate writes them with GATE_CALLS;
// NAME: a parameter of the template, or AWS::Region and the like
'use strict';
const fs = require('fs');
const path = require('path');
const { cover } = require('./iam');
const { load, resolve } = require('./template');

function main([calls, template, ...settings]) {
  if (!template) {
    process.stderr.write('usage: iam-cover.js CALLS TEMPLATE [NAME=VALUE...]\n');
    return 2;
  }
  const pairs = settings.map((setting) => [setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)]);
  const lines = fs
    .readFileSync(calls, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const elsewhere = JSON.parse(fs.readFileSync(path.join(__dirname, 'used-by-aws.json'), 'utf8'));
  const resources = resolve(load(template), Object.fromEntries(pairs));
  const complaints = lines.length > 0 ? cover(resources, lines, elsewhere) : ['there are no calls'];
  complaints.forEach((complaint) => process.stdout.write(`${complaint}\n`));
  if (complaints.length === 0)
    process.stdout.write(`${lines.length} calls: all allowed, and no more is allowed than they need\n`);
  return complaints.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
