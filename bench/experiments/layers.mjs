export const compareLayers = () => [];
