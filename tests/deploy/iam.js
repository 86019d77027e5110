// What policies allow, as IAM decides it: an Allow that fits, and no Deny that fits. Of all operators there are those that the
// template uses; any other is refused rather than passed over.
'use strict';

const list = (value) => (value === undefined ? [] : [].concat(value));
const escape = (text) => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
// `*` and `?` stand for any characters, and for one.
const pattern = (text, flags) => new RegExp(`^${escape(text).replace(/\*/g, '[^]*').replace(/\?/g, '[^]')}$`, flags);

const operators = {
  StringEquals: (wanted, value) => wanted === value,
  StringLike: (wanted, value) => pattern(wanted).test(value),
  Bool: (wanted, value) => String(wanted) === String(value),
};

function holdsFor(operator, wanted, values) {
  if (operator === 'Null') return list(wanted).every((it) => (String(it) === 'true') === (values.length === 0));
  const [, quantifier, name] = /^(?:(ForAllValues|ForAnyValue):)?(.+)$/.exec(operator);
  const test = operators[name];
  if (!test) throw new Error(`the operator ${operator} is not known here`);
  const fits = (value) => list(wanted).some((one) => test(one, value));
  if (quantifier === 'ForAllValues') return values.every(fits);
  return values.some(fits);
}

function conditionHolds(condition, context) {
  return Object.entries(condition || {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holdsFor(operator, wanted, list(context[key]))),
  );
}

// The statements of the roles among resolved resources: [{role, sid, effect, actions, resources, condition}].
function statementsOf(resources) {
  const roles = Object.entries(resources).filter(([, resource]) => resource.Type === 'AWS::IAM::Role');
  return roles.flatMap(([role, { Properties }]) =>
    list(Properties.Policies).flatMap((policy) =>
      list(policy.PolicyDocument.Statement).map((statement, i) => ({
        role,
        sid: statement.Sid || `${policy.PolicyName}[${i}]`,
        effect: statement.Effect,
        actions: list(statement.Action),
        resources: list(statement.Resource),
        condition: statement.Condition,
        used: { actions: new Set(), resources: new Set() },
      })),
    ),
  );
}

const found = (patterns, text, flags) => patterns.filter((one) => pattern(one, flags).test(text));

// Whether a call {role, action, resource, context?} is allowed; marks what of an Allow it used.
function decide(statements, call) {
  const fitting = statements.filter(
    (statement) =>
      statement.role === call.role &&
      found(statement.actions, call.action, 'i').length > 0 &&
      found(statement.resources, call.resource).length > 0 &&
      conditionHolds(statement.condition, call.context || {}),
  );
  if (fitting.some((statement) => statement.effect === 'Deny')) return false;
  for (const statement of fitting) {
    found(statement.actions, call.action, 'i').forEach((one) => statement.used.actions.add(one));
    found(statement.resources, call.resource).forEach((one) => statement.used.resources.add(one));
  }
  return fitting.length > 0;
}

// Complaints: calls that are not allowed, and what of an Allow no call used. `elsewhere`: [{role, sid, reason}] of statements
// that AWS itself uses in the name of a role, so that no call of ours can.
function cover(resources, calls, elsewhere = []) {
  const statements = statementsOf(resources),
    complaints = new Set();
  const isElsewhere = ({ role, sid }) => elsewhere.some((one) => one.role === role && one.sid === sid);
  for (const call of calls) {
    if (!call.role) complaints.add(`${call.access_key}: belongs to no role, and called ${call.action}`);
    else if (!decide(statements, call)) complaints.add(`${call.role}: may not ${call.action} on ${call.resource}`);
  }
  for (const statement of statements.filter(({ effect }) => effect === 'Allow')) {
    const { role, sid, used } = statement,
      wasUsed = used.actions.size > 0;
    if (isElsewhere(statement)) {
      if (wasUsed) complaints.add(`${role}.${sid}: is said to be used by AWS alone, but a call used it`);
      continue;
    }
    const idle = [
      ...statement.actions.filter((one) => !used.actions.has(one)),
      ...statement.resources.filter((one) => !used.resources.has(one)),
    ];
    idle.forEach((one) => complaints.add(`${role}.${sid}: ${one} is allowed, and was never used`));
  }
  return [...complaints];
}

module.exports = { cover, decide, statementsOf };
