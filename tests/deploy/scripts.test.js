// The scripts of deploy/aws: what they do in which order, what they say when something is wrong, and that nothing is lost. They talk to
// a stub of the AWS command line; smoke talks to the daemon.
'use strict';
const assert = require('node:assert');
const { execFile, execFileSync, spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const root = path.join(__dirname, '../..');
const scripts = path.join(root, 'deploy/aws');
const names = ['deploy', 'destroy', 'logs', 'panic-stop', 'redrive', 'smoke'];
const fresh = {
  log: [],
  known: true,
  version: 'aws-cli/2.9.19 Python/3.11 Linux/6 source/x86_64',
  concurrency: 1000,
  stack: null,
  buckets: {},
  tables: [],
  letters: [],
  invoked: [],
  stopped: [],
};

let folder;

test.before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scripts-'));
  const write = (name, text) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  };
  fs.mkdirSync(path.join(folder, 'bin'));
  fs.symlinkSync(path.join(__dirname, 'aws-stub.js'), path.join(folder, 'bin/aws'));
  for (const name of ['pixmill-lambda-arm64.zip', 'pixmill-lambda-light-arm64.zip']) write(`zips/${name}`, name);
  const files = [
    ['/assets/app-1.js', 'immutable', 'text/javascript; charset=utf-8'],
    ['/index.html', 'revalidate', 'text/html; charset=utf-8'],
    ['/manifest.webmanifest', 'revalidate', 'application/manifest+json'],
  ];
  for (const [name] of files) write(`site${name}`, name === '/index.html' ? '<!doctype html><title>page</title>' : name);
  write(
    'site/manifest.json',
    `${JSON.stringify(
      {
        files: files.map(([at, cache, type]) => ({
          path: at,
          sha256: createHash('sha256')
            .update(fs.readFileSync(`${folder}/site${at}`))
            .digest('hex'),
          cache,
          type,
        })),
      },
      null,
      1,
    )}\n`,
  );
});
test.after(() => fs.rmSync(folder, { recursive: true }));

const stateFile = () => path.join(folder, 'state.json');
const set = (more = {}) => fs.writeFileSync(stateFile(), JSON.stringify({ ...fresh, ...more }));
const state = () => JSON.parse(fs.readFileSync(stateFile(), 'utf8'));

// {code, stdout, stderr}
function run(name, args, env = {}) {
  return new Promise((resolve) => {
    const all = {
      PATH: `${folder}/bin:${process.env.PATH}`,
      HOME: path.join(folder, 'home'),
      AWS_STUB: stateFile(),
      AWS_REGION: 'eu-central-1',
      ...env,
    };
    execFile(path.join(scripts, name), args, { env: all }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}
const deploy = (...args) =>
  run('deploy', ['--stack', 'pix', '--zips', `${folder}/zips`, '--site', `${folder}/site`, '--yes', ...args]);
const called = (words) => state().log.filter((argv) => argv.join(' ').includes(words));

// Begins with a stack that was made before.
let made;
async function setMade() {
  if (!made) {
    set();
    assert.strictEqual((await deploy()).code, 0);
    made = { ...state(), log: [] };
  }
  set(made);
}

async function expect(promise, code, words) {
  const result = await promise;
  assert.strictEqual(result.code, code, result.stdout + result.stderr);
  assert.match(result.stderr, words);
  return result;
}

// ---- all of them -----------------------------------------------------------------------------------------------------

test('shellcheck_has_nothing_to_say', { skip: !process.env.SHELLCHECK || process.env.SHELLCHECK.endsWith('NOTFOUND') }, () => {
  execFileSync(process.env.SHELLCHECK, ['-x', ...names, 'lib.sh', 'page.sh'], { cwd: scripts, stdio: 'inherit' });
});

test('every_script_explains_itself_and_refuses_what_it_does_not_know', async () => {
  set();
  for (const name of names) {
    const help = await run(name, ['--help']);
    assert.strictEqual(help.code, 0);
    assert.match(help.stdout, new RegExp(`^usage: ${name} `));
    assert.match(help.stdout, /Exit codes: 0/);
    await expect(run(name, ['--nonsense']), 2, /--nonsense/);
    await expect(run(name, ['--stack']), 2, /wants a value/);
  }
  assert.deepStrictEqual(state().log, []);
});

test('a_missing_thing_is_told_before_anything_is_changed', async () => {
  set();
  await expect(deploy('--stack', 'Pix'), 3, /starts with a letter/);
  await expect(deploy('--stack', 'p'.repeat(22)), 3, /21 characters/);
  await expect(deploy('--zips', '/nonexistent'), 3, /dev package arm64/);
  await expect(deploy('--site', '/nonexistent'), 3, /dev page/);
  await expect(deploy('--set', 'Nonsense=1'), 2, /no parameter Nonsense/);
  await expect(deploy('--stack', 'my-aws', '--set', 'Auth=cognito'), 3, /may not contain aws/);
  await expect(run('deploy', [], { AWS_REGION: '' }), 3, /no region/);
  set({ version: 'aws-cli/1.19.1 Python/3' });
  await expect(deploy(), 3, /too old \(1\.19\)/);
  set({ known: false });
  await expect(deploy(), 3, /does not know these credentials/);
  await expect(run('deploy', [], { PATH: '/usr/bin:/bin' }), 3, /apt-get install awscli|region|who you are/);
  set({ stack: { status: 'ROLLBACK_COMPLETE', parameters: {} } });
  await expect(deploy(), 3, /`destroy --stack pix`/);
  set({ stack: { status: 'UPDATE_IN_PROGRESS', parameters: {} } });
  await expect(deploy(), 3, /somebody else/);
  assert.deepStrictEqual(called('create-'), []);
});

// ---- deploy ----------------------------------------------------------------------------------------------------------

test('a_stack_is_made_and_then_told_its_own_address', async () => {
  set();
  const { stdout } = await expect(deploy('--json'), 0, /smoke --stack pix/);
  assert.strictEqual(JSON.parse(stdout).SiteUrl, 'https://d1.cloudfront.net');
  const { parameters } = state().stack;
  assert.strictEqual(parameters.SiteOrigin, 'https://d1.cloudfront.net');
  assert.match(parameters.UploadToken, /^[0-9a-f]{48}$/);
  assert.strictEqual(called('execute-change-set').length, 2);
  assert.strictEqual(called('create-invalidation').length, 1);
  const token = path.join(folder, 'home/.config/pixmill/pix.token');
  assert.strictEqual(fs.readFileSync(token, 'utf8'), parameters.UploadToken);
  assert.strictEqual(fs.statSync(token).mode & 0o077, 0);
  assert(!JSON.stringify(state().log).includes(parameters.UploadToken), 'a token is on no command line');
});

test('the_page_is_uploaded_with_its_cache_classes_assets_first', async () => {
  await setMade();
  const site = state().buckets['pix-site-111122223333-eu-central-1'];
  assert.deepStrictEqual(
    Object.entries(site).map(([key, [{ type, cache }]]) => [key, type, cache]),
    [
      ['assets/app-1.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
      ['index.html', 'text/html; charset=utf-8', 'no-cache'],
      ['manifest.webmanifest', 'application/manifest+json', 'no-cache'],
      ['config.json', 'application/json', 'no-cache'],
    ],
  );
});

test('the_configuration_is_one_that_the_page_takes', async () => {
  const text = execFileSync('sh', ['-c', `. ${scripts}/page.sh; page_config pix`], { encoding: 'utf8' });
  const source = fs.readFileSync(path.join(root, 'frontend/src/api/config.js'), 'utf8');
  const { checkConfig } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
  const config = checkConfig(JSON.parse(text));
  assert.deepStrictEqual([config.api, config.media, config.upload.mode], ['/api', '', 'presigned']);
});

test('what_was_set_stays_as_it_is_and_nothing_changes_twice', async () => {
  const value = 'a"b\\c $d';
  await setMade();
  await deploy('--set', 'LogDays=30', '--set', `AlarmEmail=${value}`);
  const before = state();
  await expect(deploy(), 0, /nothing to change/);
  assert.deepStrictEqual(state().stack, before.stack);
  const { LogDays, AlarmEmail, UploadToken } = state().stack.parameters;
  assert.deepStrictEqual([LogDays, AlarmEmail, UploadToken], ['30', value, made.stack.parameters.UploadToken]);
  const zips = Object.keys(state().buckets['pix-artifacts-111122223333-eu-central-1']).filter((key) => key.startsWith('code/'));
  assert.strictEqual(zips.length, 2);
});

test('data_that_an_earlier_stack_left_is_in_the_way_until_it_is_adopted', async () => {
  set({ buckets: { 'pix-images-111122223333-eu-central-1': {} }, tables: ['Images'] });
  await expect(deploy(), 3, /bucket pix-images-.* and the table Images .*--adopt/);
  assert.strictEqual(state().stack, null);
  await expect(deploy('--adopt'), 0, /done/);
  assert.strictEqual(called('--import-existing-resources').length, 1);
});

test('a_preview_changes_nothing', async () => {
  set();
  await expect(deploy('--preview'), 0, /ImagesBucket/);
  assert.strictEqual(state().stack, null);
});

test('nobody_to_ask_is_no_consent', async () => {
  set();
  await expect(run('deploy', ['--stack', 'pix', '--zips', `${folder}/zips`, '--site', `${folder}/site`]), 3, /--yes/);
  assert.deepStrictEqual(called('execute-change-set'), []);
  assert.strictEqual(called('delete-change-set').length, 1);
});

test('a_stack_that_fails_says_which_part_of_it', async () => {
  set({ breaks: true });
  await expect(deploy(), 1, /Images already exists[^]*taken back/);
});

test('a_right_that_is_missing_is_told_in_words', async () => {
  set({ denied: 'cloudformation create-change-set' });
  await expect(deploy(), 1, /Your credentials may not do this/);
});

// ---- destroy ---------------------------------------------------------------------------------------------------------

test('destroy_empties_all_versions_and_keeps_the_data', async () => {
  await setMade();
  const now = state();
  now.buckets['pix-site-111122223333-eu-central-1']['index.html'].push({}, {});
  set(now);
  await expect(run('destroy', ['--stack', 'pix', '--yes']), 0, /kept: the bucket pix-images-.*, the table Images/);
  const { stack, buckets, tables } = state();
  assert.deepStrictEqual([stack, Object.keys(buckets), tables], [null, ['pix-images-111122223333-eu-central-1'], ['Images']]);
});

test('destroy_with_data_leaves_nothing', async () => {
  await setMade();
  const now = state();
  now.buckets['pix-images-111122223333-eu-central-1'] = { 'uploads/a': [{}, {}, {}], 'uploads/b': [{}] };
  set(now);
  await expect(run('destroy', ['--stack', 'pix', '--yes', '--delete-data']), 0, /nothing is left/);
  assert.deepStrictEqual([state().stack, state().buckets, state().tables], [null, {}, []]);
});

test('destroy_asks', async () => {
  await setMade();
  await expect(run('destroy', ['--stack', 'pix', '--delete-data']), 3, /EVERY PICTURE/);
  assert.strictEqual(state().stack.status, 'CREATE_COMPLETE');
});

// ---- what an operator does -------------------------------------------------------------------------------------------

const s3Event = (key) => ({ Records: [{ eventSource: 'aws:s3', s3: { bucket: { name: 'b' }, object: { key } } }] });
const letters = [
  {
    handle: 'h1',
    body: JSON.stringify({ requestContext: { condition: 'RetriesExhausted' }, requestPayload: s3Event('uploads/a-1.jpg') }),
  },
  { handle: 'h2', body: JSON.stringify(s3Event('uploads/b.png'), null, 0) },
  { handle: 'h3', body: '{"odd":true}' },
];
const running = {
  stack: {
    status: 'CREATE_COMPLETE',
    parameters: {},
    outputs: { DeadLettersUrl: 'https://sqs/dead', ThumbnailFunction: 'pix-thumbnail' },
  },
};

test('redrive_starts_what_dead_letters_name_and_keeps_what_it_does_not_understand', async () => {
  set({ ...running, letters });
  const { stdout } = await expect(run('redrive', ['--stack', 'pix', '--json']), 1, /names no original/);
  assert.deepStrictEqual(JSON.parse(stdout), { letters: 3, sent: 2, odd: 1 });
  assert.deepStrictEqual(state().invoked, [
    { pipeline: 'thumbnails', key: 'uploads/a-1.jpg' },
    { pipeline: 'thumbnails', key: 'uploads/b.png' },
  ]);
  assert.deepStrictEqual(
    state().letters.map(({ handle }) => handle),
    ['h3'],
  );
});

test('redrive_gives_up_what_an_operator_does_not_want_to_try_again', async () => {
  set({ ...running, letters: letters.slice(0, 1) });
  await expect(run('redrive', ['--stack', 'pix', '--give-up']), 0, /1 dead letters, 1 given up/);
  const failure = { code: 'thumbnails.given_up', message: 'an operator gave up on it' };
  assert.deepStrictEqual(state().invoked, [{ pipeline: 'thumbnails', key: 'uploads/a-1.jpg', failure }]);
  assert.deepStrictEqual(state().letters, []);
  await expect(run('redrive', ['--stack', 'pix', '--give-up', '--list']), 2, /--give-up/);
});

test('redrive_list_shows_keys_and_leaves_everything', async () => {
  set({ ...running, letters: letters.slice(0, 2) });
  const { stdout } = await expect(run('redrive', ['--stack', 'pix', '--list']), 0, /2 dead letters, 0 sent/);
  assert.strictEqual(stdout, 'uploads/a-1.jpg\nuploads/b.png\n');
  assert.deepStrictEqual([state().letters.length, state().invoked], [2, []]);
});

test('panic_stop_stops_and_resumes', async () => {
  set(running);
  await expect(run('panic-stop', ['--stack', 'pix']), 0, /pix-thumbnail is stopped/);
  assert.deepStrictEqual(state().stopped, ['pix-thumbnail', 'pix-upload']);
  await expect(run('panic-stop', ['--stack', 'pix', '--resume']), 0, /runs again/);
  assert.deepStrictEqual(state().stopped, []);
});

test('logs_print_what_was_logged', async () => {
  set(running);
  const { stdout } = await run('logs', ['upload', '--stack', 'pix', '--filter', '{ $.level = "ERROR" }']);
  assert.strictEqual(stdout, '{"level":"ERROR"}\n');
  assert.strictEqual(called('--log-group-name /aws/lambda/pix-upload').length, 1);
  await expect(run('logs', ['--since', 'soon']), 2, /no number/);
});

test('a_stack_that_is_not_there_is_told', async () => {
  set();
  for (const name of ['redrive', 'smoke'])
    await expect(run(name, ['--stack', 'pix']), 3, /there is no stack pix in eu-central-1/);
});

// ---- smoke -----------------------------------------------------------------------------------------------------------

async function withDaemon(work) {
  const daemon = spawn(
    process.env.PIXMILL,
    [
      'serve',
      '--project',
      path.join(root, 'pipelines'),
      '--state',
      path.join(folder, 'state'),
      '--port',
      '0',
      '--site',
      path.join(folder, 'site'),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  try {
    let text = '';
    const url = await new Promise((resolve, reject) => {
      const look = (data) => {
        text += data;
        const found = /ready on (http:[^ "]*)/.exec(text);
        if (found) resolve(found[1].trim());
      };
      daemon.stdout.on('data', look);
      daemon.stderr.on('data', look);
      daemon.on('exit', () => reject(new Error(text)));
    });
    return await work(url);
  } finally {
    daemon.kill();
    if (daemon.exitCode === null)
      await new Promise((resolve) => {
        daemon.on('exit', resolve);
      });
  }
}

test('smoke_finds_nothing_wrong_with_the_daemon', async () => {
  const { code, stdout, stderr } = await withDaemon((url) => run('smoke', ['--endpoint', url]));
  assert.strictEqual(code, 0, stdout + stderr);
  assert.match(stdout, /^ok \d+ - thumbnails are made$/m);
  assert.match(stdout, /^1\.\.2\d$/m);
});

test('smoke_says_in_words_what_is_wrong', async () => {
  const server = http.createServer((req, res) => {
    req.resume();
    res.writeHead(req.url === '/' ? 200 : 503, { 'content-type': 'text/html' }).end('{}');
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { code, stdout, stderr } = await run('smoke', [
    '--endpoint',
    `http://127.0.0.1:${server.address().port}`,
    '--wait',
    '0',
    '--json',
  ]);
  server.closeAllConnections();
  server.close();
  assert.strictEqual(code, 4);
  assert.match(stderr, /a picture alone is taken: HTTP 503\. No function was free/);
  const { checks, failed } = JSON.parse(stdout);
  assert(failed > 10 && failed < checks);
});

test('smoke_says_that_nothing_answers', async () => {
  await expect(run('smoke', ['--endpoint', 'http://127.0.0.1:1']), 4, /HTTP 000\. Nothing answers/);
});
