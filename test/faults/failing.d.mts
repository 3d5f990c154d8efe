/** Whether there is one to link with. */
export function hasCompiler(): boolean;

/** Paths of two addons in `folder`, linked of the objects of the build in the folder `build`. */
export function linkFailing(build: string, folder: string): { control: string; binary: string };
