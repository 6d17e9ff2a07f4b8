/** Calls of the server; addresses are relative, so that a proxy may put it anywhere. */

import { byId } from './dom.js';

const KEY = 'sluice-token';

/** What the server said no to, in its own words. */
export class Refusal extends Error {}

/** List the models that answer: `[{name, version}]`. */
export async function models() {
  const listed = await call('v1/models');
  return listed.models.filter((model) => model.version !== null);
}

/** Return what there is to know of a model: `{name, version, description, evaluation}`. */
export async function about(name) {
  return call(`v1/models/${encodeURIComponent(name)}/description`);
}

/**
 * Predict rows.
 *
 * @param {string} model name
 * @param {object[]} instances inputs by name; null for missing
 * @param {AbortSignal} signal ends the call
 * @returns {Promise<{predictions: object[], version: ?string}>} outputs by name, of each instance,
 *   and the version that gave them
 */
export async function predict(model, instances, signal) {
  const body = JSON.stringify({ instances });
  const [answer, response] = await exchange(path(model), { method: 'POST', body, signal });
  const predictions = answer.predictions.map((p) => (isOutputs(p) ? p : { prediction: p }));
  return { predictions, version: response.headers.get('x-model-version') };
}

/** Return the address that predictions come from, from the server's root. */
export function path(model) {
  return `v1/models/${encodeURIComponent(model)}:predict`;
}

/** Return the token that the server asked for, if it did. */
export function token() {
  return sessionStorage.getItem(KEY);
}

function isOutputs(prediction) {
  return prediction !== null && typeof prediction === 'object' && !Array.isArray(prediction);
}

async function call(address) {
  return (await exchange(address))[0];
}

async function exchange(address, options = {}) {
  const headers = options.body ? { 'Content-Type': 'application/json' } : {};
  if (token()) headers.Authorization = `Bearer ${token()}`;
  let response;
  try {
    response = await fetch(new URL(address, document.baseURI), { ...options, headers });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refusal('The server does not answer. Is it still running?');
  }
  if (response.status === 401) {
    await askForToken();
    return exchange(address, options);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(answer.error ?? `The server answered ${response.status}.`);
  return [answer, response];
}

let asked = null;

/** Ask once, however many calls wait for the answer. */
function askForToken() {
  asked ??= new Promise((resolve) => {
    const dialog = byId('token');
    const field = byId('token-field');
    if (token()) byId('token-why').textContent = 'That was not the right one.';
    field.value = '';
    dialog.addEventListener(
      'close',
      () => {
        sessionStorage.setItem(KEY, field.value);
        asked = null;
        resolve();
      },
      { once: true },
    );
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    dialog.showModal();
  });
  return asked;
}
