// The trade-off as a picture: perplexity against training time, a line for each method that learns
// probabilities. Any other would be far off, and squeeze the rest.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, View } from 'vega';

/**
 * @param curves [{ name, density, points: [{ seconds, perplexity }] }], the last point being that of the trained model
 * @param note what it was measured on
 */
export async function writePlot(path, curves, note) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${await new View(parse(specification(curves, note)), { renderer: 'none' }).toSVG()}\n`);
}

function specification(curves, note) {
  const last = ({ points }) => points[points.length - 1];
  const byPerplexity = curves
    .filter((curve) => Number.isFinite(last(curve).perplexity))
    .sort((a, b) => last(a).perplexity - last(b).perplexity);
  const label = (curve) => `${curve.name}: ${last(curve).perplexity.toFixed(1)}`;
  const values = byPerplexity.flatMap((curve) =>
    curve.points.map((point, i) => ({ ...point, method: label(curve), isLast: i === curve.points.length - 1 })),
  );
  const color = { scale: 'color', field: 'method' };
  const place = { x: { scale: 'x', field: 'seconds' }, y: { scale: 'y', field: 'perplexity' } };
  return {
    width: 640,
    height: 420,
    padding: 12,
    background: 'white',
    title: { text: 'What an output layer costs, and what it gives', subtitle: note, anchor: 'start' },
    data: [{ name: 'points', values }],
    scales: [
      { name: 'x', type: 'log', range: 'width', nice: true, domain: { data: 'points', field: 'seconds' } },
      { name: 'y', type: 'log', range: 'height', domain: reach(values.map(({ perplexity }) => perplexity)) },
      { name: 'color', type: 'ordinal', range: { scheme: 'tableau10' }, domain: byPerplexity.map(label) },
    ],
    axes: [
      {
        scale: 'x',
        orient: 'bottom',
        grid: true,
        title: 'training time on one core, seconds (log)',
        format: '~g',
        tickCount: 6,
      },
      { scale: 'y', orient: 'left', grid: true, title: 'held-out perplexity (log)', format: '~g', tickCount: 8 },
    ],
    legends: [
      {
        stroke: 'color',
        symbolType: 'stroke',
        title: 'method, and its perplexity at the end',
        labelLimit: 0,
        titleLimit: 0,
      },
    ],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'curve', data: 'points', groupby: 'method' } },
        marks: [
          {
            type: 'line',
            from: { data: 'curve' },
            encode: { enter: { ...place, stroke: color, strokeWidth: { value: 2 } } },
          },
        ],
      },
      {
        type: 'symbol',
        from: { data: 'points' },
        encode: { enter: { ...place, fill: color, size: [{ test: 'datum.isLast', value: 90 }, { value: 16 }] } },
      },
    ],
  };
}

function reach(perplexities) {
  return [0.95 * Math.min(...perplexities), 1.05 * Math.max(...perplexities)];
}
