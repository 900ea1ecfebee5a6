import { draw_all } from './chart.js';
import { compare } from './compare.js';
import { element } from './element.js';
import { networks } from './networks.js';
import { plan } from './plan.js';
import { published } from './published.js';
import { run } from './run.js';
import { validation } from './validation.js';

const text = document.getElementById('data').textContent;
try {
  const data = JSON.parse(text);
  if (data.deployments) plan(data);
  else if (data.validation) validation(data);
  else if (data.published) published(data);
  else if (data.networks) networks(data);
  else if (data.runs) compare(data);
  else run(data);
  draw_all();
} catch (error) {
  document.getElementById('content').append(element('p', { class: 'warn' }, `This report could not be drawn: ${error.message}`));
  throw error;
}
