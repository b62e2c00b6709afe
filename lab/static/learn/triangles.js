// The four triangles of a cell, one for each action, from its middle to two of its corners.

/** The two corners of each action, in halves of a cell. */
export const CORNERS = [[[-1, -1], [1, -1]], [[1, -1], [1, 1]], [[1, 1], [-1, 1]], [[-1, 1], [-1, -1]]];

export function triangle(ctx, x, y, [[ax, ay], [bx, by]], half) {
  ctx.moveTo(x, y);
  ctx.lineTo(x + ax * half, y + ay * half);
  ctx.lineTo(x + bx * half, y + by * half);
}
