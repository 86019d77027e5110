// An audit of the template by rules that are not ours: cdk-nag's AwsSolutions. What it finds gets put right, or stands in
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

const templateFile = path.join(__dirname, '../../deploy/aws/template.yaml');

// ['RULE RESOURCE'] of all that the rules find. They tell it by a report beside what is synthesised, and on the console.
function audit() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nag-'));
  const print = process.stderr.write;
  try {
    const app = new App({ outdir: folder });
    new CfnInclude(new Stack(app, 'pix'), 'template', { templateFile });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    process.stderr.write = () => true;
    assert.throws(() => app.synth(), { name: 'ValidationFailed' });
    const { pluginReports } = JSON.parse(fs.readFileSync(path.join(folder, 'validation-report.json'), 'utf8'));
    return pluginReports.flatMap(({ violations }) =>
      violations.flatMap(({ ruleName, violatingConstructs }) =>
        violatingConstructs.map(({ constructPath }) => `${shorten(ruleName)} ${constructPath.split('/').pop()}`),
      ),
    );
  } finally {
    process.stderr.write = print;
    fs.rmSync(folder, { recursive: true });
  }
}

const shorten = (rule) => rule.replace('AwsSolutions-', '').replace(/\[.*\/(\w+\/\*)\]$/, '[$1]');

test('what_the_audit_finds_is_known_and_has_a_reason', () => {
  const acknowledged = require('./acknowledged.json'),
    found = audit();
  assert.deepStrictEqual(
    found.filter((it) => !acknowledged[it]),
    [],
    'found, and not acknowledged',
  );
  assert.deepStrictEqual(
    Object.keys(acknowledged).filter((it) => !found.includes(it)),
    [],
    'acknowledged, and not found',
  );
  assert(found.length > 0);
});
