import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { RouteDefinition } from './route.js';
import { ROUTE } from './route.decorator.js';

/**
 * Every route that the controllers of these modules have, read from the metadata that Nest itself uses.
 * @throws Error for a method that Nest would serve without a definition: such a route would name no role
 */
export function routesOf(controllers: readonly Type[]): RouteDefinition[] {
  return controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
      const handler: unknown = (controller.prototype as Record<string, unknown>)[name];
      // `@Controller()` leaves its own `path` at the class, which the prototype calls `constructor`.
      if (typeof handler !== 'function' || name === 'constructor') return [];
      const definition = Reflect.getMetadata(ROUTE, handler) as RouteDefinition | undefined;
      if (definition) return [definition];
      if (Reflect.hasMetadata('path', handler))
        throw new Error(`${controller.name}.${name} is a route that names no role`);
      return [];
    }),
  );
}

/** The controllers of a module, without those of modules that it imports. */
export function controllersOf(module: Type): Type[] {
  return (Reflect.getMetadata('controllers', module) as Type[] | undefined) ?? [];
}
