// What a verified request does, in the words of IAM: one {service, action, resource, context?} for each right that it needs.
'use strict';

const ACCOUNT = '111122223333';

const objectVerbs = { GET: 'GetObject', HEAD: 'GetObject', PUT: 'PutObject', POST: 'PutObject', DELETE: 'DeleteObject' };
const bucketVerbs = { GET: 'ListBucket', HEAD: 'ListBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' };

// request: {method, name, key, query: Map}. `status`: of the answer; S3 tells that an object is missing to those alone who may
// list its bucket.
function callsOfS3({ method, name, key, query }, status) {
  const bucket = `arn:aws:s3:::${name}`;
  const call = (action, resource) => ({ service: 's3', action: `s3:${action}`, resource });
  if (key === '' && method !== 'POST') return [call(bucketVerbs[method], bucket)];
  const isAbort = method === 'DELETE' && query.has('uploadId');
  const version = query.has('versionId') && method !== 'PUT' ? 'Version' : '';
  const action = isAbort ? 'AbortMultipartUpload' : objectVerbs[method] + version;
  const calls = [call(action, `${bucket}/${key}`)];
  if (status === 404 && action.startsWith('GetObject')) calls.push(call('ListBucket', bucket));
  return calls;
}

const partition = (item, key) => (item && item[key] ? Object.values(item[key])[0] : undefined);

// operation: such as PutItem. `keyOf`: the partition key of a table, by its name.
async function callsOfTable(operation, request, region, keyOf) {
  const call = async (table, items, index) => {
    const resource = `arn:aws:dynamodb:${region}:${ACCOUNT}:table/${table}${index ? `/index/${index}` : ''}`;
    const key = items ? await keyOf(table) : undefined;
    const leading = (items || []).map((item) => partition(item, key)).filter((value) => value !== undefined);
    return {
      service: 'dynamodb',
      action: `dynamodb:${operation}`,
      resource,
      ...(leading.length > 0 ? { context: { 'dynamodb:LeadingKeys': leading } } : {}),
    };
  };
  if (operation === 'BatchWriteItem') {
    return Promise.all(
      Object.entries(request.RequestItems).map(([table, rows]) =>
        call(
          table,
          rows.map((row) => (row.PutRequest ? row.PutRequest.Item : row.DeleteRequest.Key)),
        ),
      ),
    );
  }
  if (operation === 'BatchGetItem') {
    return Promise.all(Object.entries(request.RequestItems).map(([table, rows]) => call(table, rows.Keys)));
  }
  const item = request.Item || request.Key;
  return [await call(request.TableName, item ? [item] : null, request.IndexName)];
}

module.exports = { callsOfS3, callsOfTable };
