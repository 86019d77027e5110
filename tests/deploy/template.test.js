// What the template of deploy/aws is held to without an account.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const vm = require('node:vm');
const { parse, load, mentions, resolve } = require('./template');
const { checkResources } = require('./schema');
const { checkReferences, findCycle } = require('./graph');
const { statementsOf } = require('./iam');

const root = path.join(__dirname, '../..');
const template = load(path.join(root, 'deploy/aws/template.yaml'));
const needed = { CodeBucket: 'code', CodeKey: 'full.zip', LightCodeKey: 'light.zip', UploadToken: 'secret' };
const variants = {
  default: needed,
  queue: { ...needed, TriggerMode: 'queue' },
  cognito: { ...needed, Auth: 'cognito', AlarmEmail: 'ops@example.com', MonthlyBudget: 20 },
  open: { ...needed, Auth: 'open', UploadToken: '' },
};
const every = Object.entries(variants).map(([name, parameters]) => [name, resolve(template, parameters)]);
const ofType = (resources, type) => Object.entries(resources).filter(([, resource]) => resource.Type === type);
const clone = () => structuredClone(template);
const pipelineOf = (name) => fs.readFileSync(path.join(root, 'pipelines', `${name}.yaml`), 'utf8');

// ---- the checks themselves ----

test('an_unknown_a_missing_and_a_mistyped_property_are_found', () => {
  const resources = { F: { Type: 'AWS::Lambda::Function', Properties: { Code: {}, Rolle: 'x', Timeout: 'long', Handler: 7 } } };
  const complaints = checkResources(resources);
  for (const what of ['F: lacks Role', 'F.Rolle: is unknown', 'F.Timeout: is no integer', 'F.Handler: is no string']) {
    assert(complaints.includes(what), `${what} is not among ${complaints}`);
  }
  assert.deepStrictEqual(checkResources({ X: { Type: 'AWS::S3::Buckett', Properties: {} } }), [
    'X: there is no type AWS::S3::Buckett',
  ]);
});

test('names_that_are_not_there_are_found', () => {
  const broken = clone();
  broken.Resources.ImagesBucketPolicy.Properties.Bucket = { Ref: 'NoBucket' };
  broken.Resources.UploadFunction.Properties.Role = { 'Fn::GetAtt': ['UploadRole', 'Aarn'] };
  broken.Resources.Budget.Condition = 'HasNothing';
  broken.Resources.ImagesTable.DependsOn = 'ThumbnailSource';
  assert.deepStrictEqual(checkReferences(broken), [
    'ImagesBucketPolicy: there is no NoBucket',
    'ImagesTable: depends on ThumbnailSource, which is not always there',
    'UploadFunction: there is no UploadRole.Aarn',
    'Budget: there is no condition HasNothing',
    'HasBudget: is not used',
  ]);
});

test('a_cycle_is_found', () => {
  const broken = clone();
  broken.Resources.ThumbnailRole.DependsOn = 'ImagesBucket';
  assert.match(findCycle(broken).join(' '), /ImagesBucket.*ThumbnailRole/);
});

test('aliases_and_broken_yaml_are_refused', () => {
  assert.throws(() => parse('a: &x {b: 1}\nc: *x\n'), /aliases/);
  assert.throws(() => parse('a: {b: 1\n'));
  assert.throws(() => parse('a: !Nonsense x\n'), /Nonsense/);
});

// ---- the template ----

test('every_variant_is_what_the_specification_says', () => {
  for (const [name, resources] of every) assert.deepStrictEqual(checkResources(resources), [], name);
});

test('every_name_is_there_and_used', () => {
  assert.deepStrictEqual(checkReferences(template), []);
});

test('there_is_an_order_in_which_it_can_be_made', () => {
  assert.deepStrictEqual(findCycle(template), []);
});

test('every_parameter_says_what_it_does_and_what_it_costs', () => {
  for (const [name, { Description = '' }] of Object.entries(template.Parameters)) assert.match(Description, /Cost: |costs/, name);
  const grouped = template.Metadata['AWS::CloudFormation::Interface'].ParameterGroups.flatMap((group) => group.Parameters);
  assert.deepStrictEqual([...grouped].sort(), Object.keys(template.Parameters).sort());
});

test('handlers_are_pipelines_of_the_app', () => {
  for (const [name, { Properties }] of ofType(every[0][1], 'AWS::Lambda::Function')) {
    for (const pipeline of Properties.Handler.split(','))
      assert.match(pipelineOf(pipeline), /^triggers:/m, `${name}: ${pipeline}`);
  }
});

test('every_route_is_one_of_the_pipelines_of_its_function', () => {
  const resources = every[0][1];
  const routes = ofType(resources, 'AWS::ApiGatewayV2::Route');
  assert.strictEqual(routes.length, 6);
  for (const [
    name,
    {
      Properties: { RouteKey, Target },
    },
  ] of routes) {
    const [method, at] = RouteKey.split(' ');
    const integration = resources[Target.split('/')[1]].Properties.IntegrationUri.split(':').pop();
    const [, fn] = ofType(resources, 'AWS::Lambda::Function').find(
      ([, { Properties }]) => Properties.FunctionName === integration,
    );
    const texts = fn.Properties.Handler.split(',').map(pipelineOf);
    const quoted = at.replace(/[{}/]/g, '\\$&');
    assert(
      texts.some((text) => new RegExp(`http: \\{method: ${method}, path: "?${quoted}"?,`).test(text)),
      `${name}: ${RouteKey}`,
    );
  }
});

test('every_trigger_of_the_app_has_its_way_in', () => {
  const routes = new Set(ofType(every[0][1], 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey));
  // Pictures come from the CDN, and uploads of signed URLs go to the bucket.
  const elsewhere = ['GET /uploads/{filename}', 'GET /thumbnails/{name...}', 'PUT /uploads/{filename}'];
  for (const file of fs.readdirSync(path.join(root, 'pipelines')).filter((name) => /^\w+\.yaml$/.test(name))) {
    const text = fs.readFileSync(path.join(root, 'pipelines', file), 'utf8');
    for (const [, method, at] of text.matchAll(/http: \{method: (\w+), path: "?([^",]+)"?/g)) {
      assert(routes.has(`${method} ${at}`) || elsewhere.includes(`${method} ${at}`), `${file}: ${method} ${at}`);
    }
  }
});

test('routes_that_ask_for_a_token_ask_cognito_where_it_is_on', () => {
  const open = ['GET /images', 'GET /images/{filename}'];
  for (const [name, { Properties }] of ofType(Object.fromEntries(every).cognito, 'AWS::ApiGatewayV2::Route')) {
    assert.strictEqual(Properties.AuthorizationType, open.includes(Properties.RouteKey) ? 'NONE' : 'JWT', name);
  }
});

test('each_function_has_a_role_of_its_own_that_allows_nothing_everywhere', () => {
  const resources = Object.fromEntries(every).queue;
  const functions = ofType(resources, 'AWS::Lambda::Function');
  assert.strictEqual(new Set(functions.map(([, { Properties }]) => Properties.Role)).size, functions.length);
  for (const { role, sid, effect, actions, resources: places } of statementsOf(resources)) {
    assert.strictEqual(effect, 'Allow');
    for (const action of actions) assert.match(action, /^[a-z0-9]+:[A-Z][A-Za-z]+$/, `${role}.${sid}`);
    for (const place of places)
      assert.match(place, /^arn:aws:(s3:::pix-images-|(logs|dynamodb|sqs):eu-central-1:)/, `${role}.${sid}`);
  }
});

test('the_thumbnail_function_can_write_nothing_that_starts_it', () => {
  for (const [name, resources] of every) {
    const { LambdaConfigurations = [], QueueConfigurations = [] } = resources.ImagesBucket.Properties.NotificationConfiguration;
    const [started] = [...LambdaConfigurations, ...QueueConfigurations];
    const prefix = started.Filter.S3Key.Rules[0].Value;
    assert.strictEqual(LambdaConfigurations.length + QueueConfigurations.length, 1, name);
    assert.strictEqual(pipelineOf('thumbnails').includes(`prefix: ${prefix}}`), true);
    for (const { role, actions, resources: places } of statementsOf(resources)) {
      const writes = role === 'ThumbnailRole' && actions.includes('s3:PutObject');
      if (writes)
        assert(
          places.every((place) => !place.includes(`/${prefix}`) && place.includes('/thumbnails/')),
          name,
        );
    }
  }
});

test('the_thumbnail_function_knows_which_try_is_the_last', () => {
  for (const [name, { ThumbnailQueue, ThumbnailRetries, ThumbnailFunction, ThumbnailSource }] of every) {
    const tries = ThumbnailSource
      ? ThumbnailQueue.Properties.RedrivePolicy.maxReceiveCount
      : ThumbnailRetries.Properties.MaximumRetryAttempts + 1;
    assert.strictEqual(ThumbnailFunction.Properties.Environment.Variables.PIXMILL_ATTEMPTS_MAX, String(tries), name);
  }
});

test('what_aws_is_said_to_use_is_there', () => {
  const known = statementsOf(Object.fromEntries(every).queue).map(({ role, sid }) => `${role}.${sid}`);
  for (const { role, sid, reason } of require('./used-by-aws.json')) {
    assert(known.includes(`${role}.${sid}`), `${role}.${sid}`);
    assert(reason.length > 10);
  }
});

test('every_function_logs_into_a_group_with_an_end_of_its_own', () => {
  const resources = every[0][1];
  for (const [name, { Properties }] of ofType(resources, 'AWS::Lambda::Function')) {
    const [, group] = ofType(resources, 'AWS::Logs::LogGroup').find(
      ([, it]) => it.Properties.LogGroupName === Properties.LoggingConfig.LogGroup,
    );
    assert(group.Properties.RetentionInDays > 0, name);
    assert.strictEqual(Properties.LoggingConfig.LogGroup, `/aws/lambda/${Properties.FunctionName}`);
  }
});

test('every_variable_of_a_function_is_one_that_the_project_or_the_host_reads', () => {
  const project = pipelineOf('pixmill');
  const host = [
    'PIXMILL_PROFILE',
    'PIXMILL_ORIGINS',
    'PIXMILL_UPLOAD_TOKEN',
    'PIXMILL_UPLOAD_AUTH',
    'PIXMILL_ATTEMPTS_MAX',
    'MALLOC_ARENA_MAX',
  ];
  for (const [name, { Properties }] of ofType(every[0][1], 'AWS::Lambda::Function')) {
    const variables = Object.keys(Properties.Environment.Variables);
    for (const variable of variables)
      assert(host.includes(variable) || project.includes(`  ${variable}: {`), `${name}: ${variable}`);
    assert(variables.includes('IMAGES_BUCKET') && variables.includes('DDB_TABLE'), name);
  }
});

test('a_function_that_handles_no_pixels_has_no_libvips', () => {
  for (const [name, { Properties }] of ofType(every[0][1], 'AWS::Lambda::Function')) {
    const handlesPixels = Properties.Handler.split(',').some((it) => /\b(decode|thumbnail|encode): \{/.test(pipelineOf(it)));
    assert.strictEqual(Properties.Code.S3Key, handlesPixels ? 'full.zip' : 'light.zip', name);
  }
});

test('data_stays_when_the_stack_goes', () => {
  for (const name of ['ImagesBucket', 'ImagesTable', 'UserPool']) {
    assert.strictEqual(template.Resources[name].DeletionPolicy, 'RetainExceptOnCreate', name);
    assert.strictEqual(template.Resources[name].UpdateReplacePolicy, 'Retain', name);
  }
});

test('no_bucket_is_public_and_none_is_read_in_the_clear', () => {
  const resources = every[0][1];
  for (const [name, { Properties }] of ofType(resources, 'AWS::S3::Bucket')) {
    assert(Object.values(Properties.PublicAccessBlockConfiguration).every(Boolean), name);
    assert(
      ofType(resources, 'AWS::S3::BucketPolicy').some(
        ([, it]) =>
          it.Properties.Bucket === Properties.BucketName &&
          it.Properties.PolicyDocument.Statement.some(({ Effect, Condition }) => Effect === 'Deny' && Condition.Bool),
      ),
      name,
    );
  }
  for (const [, { Properties }] of ofType(resources, 'AWS::S3::BucketPolicy')) {
    for (const { Effect, Principal, Condition } of Properties.PolicyDocument.Statement.filter((it) => it.Effect === 'Allow')) {
      assert.deepStrictEqual(
        [Effect, Principal, Object.keys(Condition)],
        ['Allow', { Service: 'cloudfront.amazonaws.com' }, ['StringEquals']],
      );
    }
  }
});

test('bucket_names_are_short_enough_for_the_longest_stack_and_region', () => {
  const longest = resolve(template, { ...needed, 'AWS::StackName': 'a'.repeat(21), 'AWS::Region': 'ap-southeast-1' });
  for (const [name, { Properties }] of ofType(longest, 'AWS::S3::Bucket')) assert(Properties.BucketName.length <= 63, name);
});

test('addresses_of_the_page_lead_to_its_document_and_no_other_does', () => {
  const source = template.Resources.PagePaths.Properties.FunctionCode;
  const run = (uri) => vm.runInNewContext(`${source}; handler(event)`, { event: { request: { uri, headers: {} } } }).uri;
  for (const uri of ['/', '/i/20260101T000000-abc.jpg', '/tag/cat', '/tag/v1.2'])
    assert.strictEqual(run(uri), '/index.html', uri);
  for (const uri of ['/ops.html', '/config.json', '/assets/app-1.js', '/i', '/image.png', '/nothing', '/index.html']) {
    assert.strictEqual(run(uri), uri);
  }
});

test('the_distribution_finds_pictures_and_api_under_paths_of_their_own', () => {
  const { DistributionConfig } = every[0][1].Distribution.Properties;
  const origins = DistributionConfig.CacheBehaviors.map(({ PathPattern, TargetOriginId }) => `${PathPattern} ${TargetOriginId}`);
  assert.deepStrictEqual(origins, ['/api/* api', '/thumbnails/* images', '/uploads/* images']);
  const stage = every[0][1].ApiStage.Properties.StageName;
  assert.strictEqual(stage, 'api');
  assert(DistributionConfig.CustomErrorResponses.every((it) => it.ErrorCachingMinTTL === 0 && !it.ResponsePagePath));
});

test('the_distribution_finds_out_that_a_picture_was_deleted', () => {
  const { DistributionConfig } = every[0][1].Distribution.Properties;
  const pictures = DistributionConfig.CacheBehaviors.filter(({ TargetOriginId }) => TargetOriginId === 'images');
  assert.deepStrictEqual(
    pictures.map(({ CachePolicyId }) => CachePolicyId),
    ['PictureCache', 'PictureCache'],
  );
  assert(every[0][1].PictureCache.Properties.CachePolicyConfig.MaxTTL <= 86400);
});

test('pages_and_pictures_have_the_policies_that_the_daemon_gives_them', () => {
  const policyOf = (name) =>
    every[0][1][name].Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy;
  const daemon = fs.readFileSync(path.join(root, 'runtimes/app/page.c'), 'utf8');
  const texts = [...daemon.slice(daemon.indexOf('void app_page_policy')).matchAll(/pxm_buf_puts\(ret, ((?:"[^"]*"\s*)+)\)/g)]
    .map(([, text]) => [...text.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join(''))
    .slice(0, 3);
  const [start, connect, rest] = texts;
  const bucket = ' https://pix-images-111122223333-eu-central-1.s3.eu-central-1.amazonaws.com';
  assert.strictEqual(policyOf('SiteHeaders'), start + connect + bucket + rest);
  assert.strictEqual(policyOf('ImageHeaders'), "default-src 'none'; sandbox");
});

test('alarms_tell_somebody_and_say_what_to_do', () => {
  const alarms = every.flatMap(([, resources]) => ofType(resources, 'AWS::CloudWatch::Alarm'));
  for (const [name, { Properties }] of alarms) {
    assert.deepStrictEqual(Properties.AlarmActions, ['arn:aws:sns:eu-central-1:111122223333:pix-alarms'], name);
    assert(Properties.AlarmDescription.length > 30, name);
  }
  assert(alarms.length > 20);
});

test('the_dashboard_is_json_and_names_what_is_there', () => {
  const { widgets } = JSON.parse(every[0][1].Dashboard.Properties.DashboardBody);
  assert.strictEqual(widgets.length, 6);
  assert(mentions(template.Resources.Dashboard).length > 10);
});

test('the_guide_shows_the_template_as_it_is', () => {
  const { DOCUMENT, rewrite } = require('./document');
  const text = fs.readFileSync(DOCUMENT, 'utf8');
  assert.strictEqual(text, rewrite(text), 'run: node tests/deploy/document.js --write');
});
