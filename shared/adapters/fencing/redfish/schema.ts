import * as z from 'zod';
import { messagesSchema } from './messages.ts';

/**
 * What fencing reads of Redfish's resources (DSP0268, "Resource guide"). Devices leave out much; what is missing is judged
 * where it is needed.
 */

const link = z.looseObject({ '@odata.id': z.string() });

export const systemSchema = z.looseObject({
  UUID: z.string().nullish(),
  PowerState: z.string().nullish(),
  Actions: z
    .looseObject({
      '#ComputerSystem.Reset': z
        .looseObject({
          target: z.string().optional(),
          'ResetType@Redfish.AllowableValues': z.array(z.string()).optional(),
          '@Redfish.ActionInfo': z.string().optional(),
        })
        .optional(),
    })
    .optional(),
});

export type ComputerSystem = z.infer<typeof systemSchema>;

export const rootSchema = z.looseObject({
  Systems: link.optional(),
  SessionService: link.optional(),
  AccountService: link.optional(),
  Links: z.looseObject({ Sessions: link.optional() }).optional(),
});

export const collectionSchema = z.looseObject({
  Members: z.array(link),
  'Members@odata.nextLink': z.string().optional(),
});

export const accountServiceSchema = z.looseObject({ Accounts: link });

/** ManagerAccount: `PasswordExpiration` since 1.3, `AccountExpiration` since 1.8; null for never. */
export const accountSchema = z.looseObject({
  UserName: z.string().nullish(),
  PasswordExpiration: z.string().nullish(),
  AccountExpiration: z.string().nullish(),
  PasswordChangeRequired: z.boolean().nullish(),
  Locked: z.boolean().nullish(),
  Enabled: z.boolean().nullish(),
});

export type ManagerAccount = z.infer<typeof accountSchema>;

export const actionInfoSchema = z.looseObject({
  Parameters: z.array(z.looseObject({ Name: z.string(), AllowableValues: z.array(z.string()).optional() })),
});

export const taskSchema = z.looseObject({
  '@odata.id': z.string().optional(),
  '@odata.type': z.string().optional(),
  TaskState: z.string().optional(),
  TaskMonitor: z.string().optional(),
  Messages: messagesSchema.optional(),
});

/** Boards whose UUID was never written tell all zeros or all ones: as good as none, for it binds to no host. */
export function uuidOf({ UUID: told }: ComputerSystem): string | null {
  const uuid = told?.trim().toLowerCase() ?? '';
  return /^[0-]*$|^[f-]*$/.test(uuid) ? null : uuid;
}
