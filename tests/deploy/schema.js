// Whether resources are what the service's own specification says: no unknown, missing or mistyped property, no value that is
// not among those allowed.
'use strict';
const { loadAwsServiceSpecSync } = require('@aws-cdk/aws-service-spec');

const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const isNumber = (value) => typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
const simple = {
  string: (value) => typeof value === 'string',
  integer: (value) => isNumber(value) && Number.isInteger(Number(value)),
  number: isNumber,
  boolean: (value) => typeof value === 'boolean',
  'date-time': (value) => typeof value === 'string',
  json: (value) => typeof value === 'string' || isMap(value),
  tag: (value) => isMap(value) && typeof value.Key === 'string' && typeof value.Value === 'string',
};

let database;

class Check {
  constructor() {
    database = database || loadAwsServiceSpecSync();
    this.complaints = [];
  }

  complain(place, what) {
    this.complaints.push(`${place}: ${what}`);
  }

  properties(place, known, given) {
    for (const [name, property] of Object.entries(known)) {
      if (property.required && !(name in given)) this.complain(place, `lacks ${name}`);
    }
    for (const [name, value] of Object.entries(given)) {
      if (!known[name]) this.complain(`${place}.${name}`, 'is unknown');
      else this.value(`${place}.${name}`, known[name].type, value);
    }
  }

  value(place, type, value) {
    if (type.type === 'array') {
      if (!Array.isArray(value)) this.complain(place, 'is no list');
      else value.forEach((item, i) => this.value(`${place}[${i}]`, type.element, item));
    } else if (type.type === 'map') {
      if (!isMap(value)) this.complain(place, 'is no map');
      else Object.entries(value).forEach(([key, item]) => this.value(`${place}.${key}`, type.element, item));
    } else if (type.type === 'ref') {
      if (!isMap(value)) this.complain(place, 'is no map');
      else this.properties(place, database.get('typeDefinition', type.reference.$ref).properties, value);
    } else if (type.type === 'union') {
      const fits = type.types.some((one) => {
        const attempt = new Check();
        attempt.value(place, one, value);
        return attempt.complaints.length === 0;
      });
      if (!fits) this.complain(place, 'is of none of the types that it may have');
    } else if (!simple[type.type](value)) {
      this.complain(place, `is no ${type.type}`);
    } else if (type.allowedValues && !type.allowedValues.includes(value)) {
      this.complain(place, `may not be ${value}`);
    }
  }
}

// A list of complaints. `resources`: resolved.
function checkResources(resources) {
  const check = new Check();
  for (const [name, resource] of Object.entries(resources)) {
    const found = database.lookup('resource', 'cloudFormationType', 'equals', resource.Type);
    if (found.length === 0) check.complain(name, `there is no type ${resource.Type}`);
    else check.properties(name, found[0].properties, resource.Properties);
  }
  return check.complaints;
}

// Whether a type has an attribute for Fn::GetAtt.
function hasAttribute(type, attribute) {
  database = database || loadAwsServiceSpecSync();
  const found = database.lookup('resource', 'cloudFormationType', 'equals', type);
  return found.length > 0 && (attribute in found[0].attributes || attribute in found[0].properties);
}

module.exports = { checkResources, hasAttribute };
