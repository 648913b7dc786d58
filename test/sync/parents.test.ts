import { expect, it, onTestFinished } from 'vitest';
import { realHost } from '../../src/host.js';
import { Parents } from '../../src/sync/parents.js';
import { certificateAuthority, judging } from '../harness/certificates.js';
import { childSite, hosted, self } from '../serve/hosted.js';

const company = await certificateAuthority();
const germany = await company.issue(self.depot, self.site);
const munich = await company.issue('munich-1', childSite);

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const identity = { depot: 'munich-1', site: childSite, version: '0.1.0' };

function parentsOf(tls = { material: () => munich, judge: judging() }): Parents {
  const parents = new Parents(identity, realHost, silent, () => tls);
  onTestFinished(() => parents.close());
  return parents;
}

const forAll = (url: string) => ({ url, repositories: null });

it('shows a parent as authenticated once its certificate was seen', async () => {
  const depot = await hosted({}, undefined, { tls: { material: () => germany, judge: judging() } });
  await depot.publish('tools', { a: 'a' });
  const parents = parentsOf();
  parents.configure([forAll(depot.url)], null);
  expect(parents.status()).toMatchObject([{ depot: null, authenticated: false, answers: 'not-asked' }]);
  await parents.firstThatAnswers('tools', ({ client }) => client.state('tools'));
  expect(parents.status()).toMatchObject([{ depot: self.depot, authenticated: true, answers: 'yes' }]);
});

it('says why a parent is not accepted, and asks the next one', async () => {
  const stranger = await (await certificateAuthority('stranger')).issue(self.depot, self.site);
  const foreign = await hosted({}, undefined, { tls: { material: () => stranger, judge: judging() } });
  const depot = await hosted({}, undefined, { tls: { material: () => germany, judge: judging() } });
  await depot.publish('tools', { a: 'a' });
  const parents = parentsOf();
  parents.configure([forAll(foreign.url), forAll(depot.url)], null);
  await parents.firstThatAnswers('tools', ({ client }) => client.state('tools'));
  expect(parents.status()).toMatchObject([
    { url: foreign.url, answers: 'no', authenticated: false, error: { code: 'certificate-refused' } },
    { url: depot.url, answers: 'yes', authenticated: true, error: null },
  ]);
});

it('connects anew to parents with https when the proxy changes, and to no others', () => {
  const parents = parentsOf();
  const settings = [forAll('https://127.0.0.1:1'), forAll('http://127.0.0.1:2')];
  parents.configure(settings, null);
  const [secure, plain] = parents.for(undefined);
  parents.configure(settings, null);
  expect(parents.for(undefined)).toEqual([secure, plain]);
  parents.configure(settings, 'http://127.0.0.1:3');
  const after = parents.for(undefined);
  expect(after[0]).not.toBe(secure);
  expect(after[1]).toBe(plain);
});

it('refuses https without a certificate, and keeps the parents that it has', () => {
  const parents = new Parents(identity, realHost, silent);
  onTestFinished(() => parents.close());
  parents.configure([forAll('http://127.0.0.1:1')], null);
  const before = parents.for(undefined);
  expect(() => parents.configure([forAll('https://127.0.0.1:1')], null)).toThrow(
    expect.objectContaining({ code: 'certificate-refused' }),
  );
  expect(parents.for(undefined)).toEqual(before);
});
