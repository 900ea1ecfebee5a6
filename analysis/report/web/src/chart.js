// ECharts with the parts that the report uses, as SVG so that it prints sharply.
import * as echarts from 'echarts/core';
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { element } from './element.js';

echarts.use([BarChart, CustomChart, LineChart, ScatterChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

export const colours = {
  hub: '#6e7781', isolated: '#c2540a', standardised: '#b58900', interconnected: '#a8487f', provincial: '#3a8fc7', national: '#0059a8',
};
export const accent = '#0059a8';
export const scale = ['#0059a8', '#c2540a', '#3a8fc7', '#b58900', '#a8487f', '#176639', '#6e7781', '#7f5539', '#4b3f92', '#00798c', '#93032e', '#386150', '#c9a227', '#b36a9b'];

const pending = [];

// The title states the finding; `table` holds the same figures for those who cannot see the chart.
export function chart(title, options, table, size = '') {
  const holder = element('div', { class: `chart ${size}`, role: 'img', 'aria-label': title });
  pending.push(() => {
    // The name of the font, because labels are measured with it before they are placed.
    const drawn = echarts.init(holder, null, { renderer: 'svg' });
    drawn.setOption({ animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, ...options });
    window.addEventListener('resize', () => drawn.resize());
    window.addEventListener('beforeprint', () => drawn.resize());
  });
  const parts = [element('h3', {}, title), holder];
  if (table) parts.push(element('details', {}, element('summary', {}, 'The figures'), table));
  return element('div', { class: 'figure' }, parts);
}

// Charts need a size, so they are drawn once everything is in the page.
export function draw_all() {
  for (const draw of pending.splice(0)) draw();
}

// A thin line from low to high through the end of a bar.
export const whiskers = (rows, horizontal) => ({
  type: 'custom', silent: true, z: 5, tooltip: { show: false },
  data: rows,
  encode: horizontal ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
  renderItem: (parameters, api) => {
    const place = api.value(0);
    const [from, to] = [api.value(1), api.value(2)].map((value) => api.coord(horizontal ? [value, place] : [place, value]));
    const across = horizontal ? [0, 5] : [5, 0];
    const line = (a, b) => ({ type: 'line', shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style: { stroke: '#1b1f24', lineWidth: 1.5 } });
    const cap = (p) => line([p[0] - across[0], p[1] - across[1]], [p[0] + across[0], p[1] + across[1]]);
    return { type: 'group', children: [line(from, to), cap(from), cap(to)] };
  },
});
