// What a template's expressions name, and in which order its resources can be made.
'use strict';
const { mentions, pseudo } = require('./template');
const { hasAttribute } = require('./schema');

// Complaints about names that are not there, and about resources that are not there whenever they are used.
function checkReferences(template) {
  const complaints = [];
  const { Parameters = {}, Conditions = {}, Resources, Outputs = {} } = template;
  const check = (place, value) => {
    for (const [kind, name] of mentions(value)) {
      const [resource, ...rest] = name.split('.');
      if (kind === 'condition' && !Conditions[name]) complaints.push(`${place}: there is no condition ${name}`);
      if (kind === 'ref' && !(name in Parameters) && !(name in pseudo) && !Resources[name]) {
        complaints.push(`${place}: there is no ${name}`);
      }
      if (kind === 'attribute' && !(Resources[resource] && hasAttribute(Resources[resource].Type, rest.join('.')))) {
        complaints.push(`${place}: there is no ${name}`);
      }
    }
  };
  check('Conditions', Conditions);
  for (const [name, output] of Object.entries(Outputs)) check(name, output);
  for (const [name, resource] of Object.entries(Resources)) {
    check(name, resource);
    for (const other of [].concat(resource.DependsOn || [])) {
      if (!Resources[other]) complaints.push(`${name}: there is no ${other}`);
      else if (Resources[other].Condition && Resources[other].Condition !== resource.Condition) {
        complaints.push(`${name}: depends on ${other}, which is not always there`);
      }
    }
  }
  const used = new Set(mentions([Conditions, Resources, Outputs, template.Rules || {}]).map(([, name]) => name.split('.')[0]));
  for (const name of [...Object.keys(Parameters), ...Object.keys(Conditions)]) {
    if (!used.has(name)) complaints.push(`${name}: is not used`);
  }
  return complaints;
}

// resource -> the resources that it needs.
function dependencies(template) {
  return new Map(
    Object.entries(template.Resources).map(([name, resource]) => {
      const named = mentions(resource.Properties || {}).map(([, other]) => other.split('.')[0]);
      const needed = [...named, ...[].concat(resource.DependsOn || [])].filter((other) => template.Resources[other]);
      return [name, new Set(needed)];
    }),
  );
}

// The names along a cycle; none: [].
function findCycle(template) {
  const needs = dependencies(template),
    done = new Set(),
    path = [];
  const visit = (name) => {
    if (done.has(name)) return null;
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    path.push(name);
    for (const other of needs.get(name)) {
      const cycle = visit(other);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(name);
    return null;
  };
  for (const name of needs.keys()) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return [];
}

module.exports = { checkReferences, dependencies, findCycle };
