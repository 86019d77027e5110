// An audit of the template by rules that are not ours: cdk-nag's AwsSolutions. What it finds is right, or stands in
// acknowledged.json with the reason; what stands there and is not found any more is told, too.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { App, Stack, Validations } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const { AwsSolutionsChecks } = require('cdk-nag');

const root = path.join(__dirname, '../..');

function audit(folder) {
  const app = new App({ outdir: folder });
  const stack = new Stack(app, 'pix');
  new CfnInclude(stack, 'template', { templateFile: path.join(root, 'deploy/aws/template.yaml') });
  const plugin = new AwsSolutionsChecks(app);
  Validations.of(app).addPlugins(plugin);
  try { app.synth(); } catch (e) { console.log(e.message.slice(0, 500)); }
  console.log(fs.readdirSync(folder));
}
audit(fs.mkdtempSync(path.join(os.tmpdir(), 'nag-')));
