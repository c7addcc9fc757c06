/** The colours that nodes, groups and notes may have. The document keeps the name; what it looks like is the theme's. */
export const NODE_COLORS = ["rose", "amber", "lime", "teal", "sky", "violet", "slate"] as const;
