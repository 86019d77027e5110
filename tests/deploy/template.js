// A CloudFormation template as data: read with the place of every resource, and resolved for given parameters, as the service
// would do it before it makes anything.
'use strict';
const fs = require('fs');
const yaml = require('yaml');

const SHORT = ['Ref', 'Condition', 'Sub', 'GetAtt', 'If', 'Equals', 'Not', 'And', 'Or', 'Join', 'Select', 'Split'];
const NO_VALUE = Symbol('AWS::NoValue');
const pseudo = {
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::StackName': 'pix',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::NoValue': NO_VALUE,
};

const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const longName = (tag) => (tag === 'Ref' || tag === 'Condition' ? tag : `Fn::${tag}`);

// `!Sub x` as {'Fn::Sub': 'x'}.
const customTags = SHORT.flatMap((tag) => {
  const make = (value) => ({ [longName(tag)]: tag === 'GetAtt' && typeof value === 'string' ? value.split('.') : value });
  const collection = (kind) => ({
    tag: `!${tag}`,
    collection: kind,
    resolve: (node) => {
      const plain = new yaml.Pair(new yaml.Scalar(longName(tag)), node);
      const map = new yaml.YAMLMap();
      map.items.push(plain);
      return map;
    },
  });
  return [{ tag: `!${tag}`, resolve: (text) => make(text) }, collection('seq'), collection('map')];
});

// The document as data. Throws where the YAML is broken or has what the service does not take.
function parse(text) {
  const document = yaml.parseDocument(text, { customTags, version: '1.1', schema: 'core', uniqueKeys: true });
  const problems = [...document.errors, ...document.warnings].map((problem) => problem.message);
  yaml.visit(document, {
    Alias: () => {
      problems.push('CloudFormation takes no aliases');
    },
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return document.toJS();
}

const load = (path) => parse(fs.readFileSync(path, 'utf8'));

// ---- what an expression names ----

// [[kind, name]] for kinds 'ref', 'attribute' and 'condition', of all expressions within a value.
function mentions(value, found = []) {
  if (Array.isArray(value)) value.forEach((item) => mentions(item, found));
  if (!isMap(value)) return found;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Ref') found.push(['ref', inner]);
    else if (key === 'Condition' && typeof inner === 'string') found.push(['condition', inner]);
    else if (key === 'Fn::GetAtt') found.push(['attribute', inner.join('.')]);
    else if (key === 'Fn::Sub') {
      const [text, own] = Array.isArray(inner) ? inner : [inner, {}];
      for (const [, name] of text.matchAll(/\$\{([^!}][^}]*)\}/g)) {
        if (!(name in own)) found.push([name.includes('.') ? 'attribute' : 'ref', name]);
      }
      mentions(own, found);
    } else {
      if (key === 'Fn::If') found.push(['condition', inner[0]]);
      mentions(inner, found);
    }
  }
  return found;
}

// ---- resolving ----

const named = {
  // the properties that name a resource, and what a Ref and an Arn of it are
  'AWS::S3::Bucket': ['BucketName', (n) => n, (n) => `arn:aws:s3:::${n}`],
  'AWS::DynamoDB::Table': ['TableName', (n) => n, (n, at) => `arn:aws:dynamodb:${at}:table/${n}`],
  'AWS::SQS::Queue': ['QueueName', (n, at) => `https://sqs.${at.replace(':', '/')}/${n}`, (n, at) => `arn:aws:sqs:${at}:${n}`],
  'AWS::Lambda::Function': ['FunctionName', (n) => n, (n, at) => `arn:aws:lambda:${at}:function:${n}`],
  'AWS::Logs::LogGroup': ['LogGroupName', (n) => n, (n, at) => `arn:aws:logs:${at}:log-group:${n}:*`],
  'AWS::SNS::Topic': ['TopicName', (n, at) => `arn:aws:sns:${at}:${n}`, (n, at) => `arn:aws:sns:${at}:${n}`],
};

class Resolver {
  constructor(template, given) {
    this.template = template;
    this.values = { ...pseudo, ...Object.fromEntries(Object.entries(given).filter(([name]) => name in pseudo)) };
    for (const [name, parameter] of Object.entries(template.Parameters || {})) {
      const value = name in given ? given[name] : parameter.Default;
      if (value === undefined) throw new Error(`the parameter ${name} has no value`);
      if (parameter.AllowedValues && !parameter.AllowedValues.includes(value)) throw new Error(`${name} may not be ${value}`);
      this.values[name] = value;
    }
  }

  condition(name) {
    if (!(name in (this.template.Conditions || {}))) throw new Error(`there is no condition ${name}`);
    return this.value(this.template.Conditions[name]) === true;
  }

  resource(name) {
    const resource = this.template.Resources[name];
    if (!resource) throw new Error(`there is no resource ${name}`);
    const [property, ref, arn] = named[resource.Type] || [];
    const own = property && resource.Properties[property] ? this.value(resource.Properties[property]) : name;
    return { own, ref, arn, at: `${this.values['AWS::Region']}:${this.values['AWS::AccountId']}` };
  }

  ref(name) {
    if (name in this.values) return this.values[name];
    const { own, ref, at } = this.resource(name);
    return ref ? ref(own, at) : own;
  }

  attribute([name, ...rest]) {
    const { own, arn, at } = this.resource(name),
      attribute = rest.join('.');
    if (attribute === 'Arn' && arn) return arn(own, at);
    return attribute.endsWith('Name') && arn ? own : `${name}.${attribute}`;
  }

  call(name, inner) {
    const all = () => inner.map((item) => this.value(item));
    switch (name) {
      case 'Ref':
        return this.ref(inner);
      case 'Condition':
        return this.condition(inner);
      case 'Fn::GetAtt':
        return this.attribute(inner);
      case 'Fn::Sub':
        return inner.replace(/\$\{([^!}][^}]*)\}/g, (_, n) => (n.includes('.') ? this.attribute(n.split('.')) : this.ref(n)));
      case 'Fn::If':
        return this.value(this.condition(inner[0]) ? inner[1] : inner[2]);
      case 'Fn::Equals':
        return String(this.value(inner[0])) === String(this.value(inner[1]));
      case 'Fn::Not':
        return !all()[0];
      case 'Fn::And':
        return all().every(Boolean);
      case 'Fn::Or':
        return all().some(Boolean);
      default:
        throw new Error(`${name} is not known here`);
    }
  }

  value(node) {
    if (Array.isArray(node)) return node.map((item) => this.value(item)).filter((item) => item !== NO_VALUE);
    if (!isMap(node)) return node;
    const entries = Object.entries(node);
    const isCall =
      entries.length === 1 &&
      (/^(Ref|Fn::)/.test(entries[0][0]) || (entries[0][0] === 'Condition' && typeof entries[0][1] === 'string'));
    if (isCall) return this.call(entries[0][0], entries[0][1]);
    return Object.fromEntries(entries.map(([key, inner]) => [key, this.value(inner)]).filter(([, inner]) => inner !== NO_VALUE));
  }

  resources() {
    const kept = Object.entries(this.template.Resources).filter(([, it]) => !it.Condition || this.condition(it.Condition));
    return Object.fromEntries(kept.map(([name, it]) => [name, { ...it, Properties: this.value(it.Properties || {}) }]));
  }
}

// The resources there would be, their properties without expressions. `given`: parameters, else their defaults count, and what
// stands for AWS::Region and the like.
const resolve = (template, given = {}) => new Resolver(template, given).resources();

module.exports = { load, mentions, parse, pseudo, resolve };
