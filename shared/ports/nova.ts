/** A nova-compute service. `state` is Nova's own opinion: `up` while its last report is young enough. */
export interface ComputeService {
  readonly id: string;
  readonly host: string;
  readonly zone: string;
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: string | null;
  readonly state: 'up' | 'down';
  readonly forcedDown: boolean;
  /** When Nova last wrote the service's record, which each report does; in Unix ms, by Nova's clock. Null: never. */
  readonly lastReportAtMs: number | null;
}

export interface Hypervisor {
  readonly serviceHost: string;
  readonly memoryMb: number;
  readonly memoryUsedMb: number;
  readonly vcpus: number;
  readonly vcpusUsed: number;
}

export interface Aggregate {
  readonly id: number;
  readonly name: string;
  readonly availabilityZone: string | null;
  readonly hosts: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** An address that Neutron gave an instance, or rather that its owner chose. */
export interface ServerAddress {
  readonly network: string;
  readonly address: string;
  readonly kind: 'fixed' | 'floating';
}

/** The fields of a server that a decision needs. */
export interface Server {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  /** Nova's service host name, or null when the instance has no host (shelved and offloaded). */
  readonly host: string | null;
  readonly status: string;
  readonly vmState: string;
  readonly taskState: string | null;
  readonly powerState: number;
  readonly locked: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fault: string | null;
  readonly memoryMb: number;
  readonly vcpus: number;
  /** The name that its flavor had when it was built. */
  readonly flavorName: string;
  /** Its flavor's, as they were then; empty if Nova hides them. */
  readonly extraSpecs: Readonly<Record<string, string>>;
  readonly addresses: readonly ServerAddress[];
  /** What its root disk was made from; null when it is a volume. */
  readonly imageId: string | null;
  /** Every disk that lives with the instance and not on a volume (S7 of the design). */
  readonly localDisks: {
    /** The root disk is not a volume. */
    readonly root: boolean;
    readonly ephemeralGb: number;
    readonly swapMb: number;
    /** A vTPM whose state is a file beside the instance. */
    readonly vtpm: boolean;
  };
  /** The availability zone that its owner has pinned it to; null: none. Absent: Nova does not tell (before 2.96). */
  readonly pinnedZone?: string | null;
  /** What its image said when it was built. Absent: Nova does not tell (before 2.98, or its root disk is a volume). */
  readonly imageProperties?: Readonly<Record<string, string>>;
}

/** A port of an instance, as far as a host must have something for it that memory and CPUs do not tell. */
export interface Port {
  readonly serverId: string;
  /** `normal` or `direct`, `direct-physical`, `macvtap`, `vdpa`, `accelerator-direct`, … (Neutron's `binding:vnic_type`). */
  readonly vnicType: string;
  /** A guaranteed bandwidth or packet rate, which Placement has to have. */
  readonly isGuaranteed: boolean;
}

/** What an image says of the instances that were made from it. */
export interface Image {
  readonly id: string;
  readonly tags: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

/** An image that Nova has made of an instance (`createImage`, `createBackup`), and that can be used. */
export interface Snapshot {
  readonly id: string;
  readonly kind: 'snapshot' | 'backup';
  /** When it was begun, in Unix ms, by Glance's clock. */
  readonly createdAtMs: number;
}

export interface ServerGroup {
  readonly id: string;
  readonly policy: 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';
  /** Of `anti-affinity`: how many members one host may have. */
  readonly maxPerHost: number;
  /** Ids of instances, deleted ones not among them. */
  readonly members: readonly string[];
}

/** Something that was done to an instance, as Nova records it (`GET /servers/{id}/os-instance-actions`). */
export interface ServerAction {
  /** `stop`, `reboot`, `migrate`, … (nova/compute/instance_actions.py). */
  readonly action: string;
  readonly requestId: string;
  /** Null: Nova did it of its own accord. */
  readonly userId: string | null;
}

/** One evacuation as Nova records it (`GET /os-migrations`). */
export interface Migration {
  /** Grows with time: a later migration of the same instance has a greater id. */
  readonly id: number;
  readonly instanceId: string;
  readonly sourceHost: string;
  readonly destinationHost: string | null;
  readonly status: string;
  readonly createdAt: string;
}

export type NeededService =
  | 'keystone'
  | 'nova'
  | 'conductor'
  | 'scheduler'
  | 'placement'
  | 'glance'
  | 'cinder'
  | 'neutron';

/** A service that an evacuation needs, and whether it answers now. */
export interface ServiceHealth {
  readonly service: NeededService;
  readonly answers: boolean;
  /** In a person's words, of 200 characters at most; never holds a secret. */
  readonly detail: string;
}

/** What came back for a request that changes something. `requestId` is Nova's own, for the audit. */
export type Answer =
  | { readonly kind: 'accepted'; readonly requestId: string | null; readonly durationMs: number }
  /** Nova refused: it did nothing. */
  | {
      readonly kind: 'refused';
      readonly httpStatus: number;
      readonly message: string;
      readonly requestId: string | null;
      readonly durationMs: number;
    }
  /** Nobody knows: a timeout, a broken connection, a 5xx. The effect may have taken place, or may yet. */
  | { readonly kind: 'unknown'; readonly error: string; readonly durationMs: number };

/** Where an instance is to be moved to, and until when the request may leave. */
export interface MoveOptions {
  readonly host: string | null;
  readonly leaveByMs?: number | undefined;
}

/**
 * One region's Nova, as the pipeline needs it. Reads are tried again by the adapter (safe methods only);
 * requests that change something are sent once.
 * @throws RetryableError from reads: Nova or Keystone is out of reach, answers 5xx or 429.
 * @throws PermanentError from reads: the credentials are refused (401, 403).
 */
export interface Compute {
  services(): Promise<readonly ComputeService[]>;
  service(host: string): Promise<ComputeService | undefined>;
  hypervisors(): Promise<readonly Hypervisor[]>;
  aggregates(): Promise<readonly Aggregate[]>;
  /** Of all projects. */
  serverGroups(): Promise<readonly ServerGroup[]>;
  /** Every instance whose host field is `host`, all projects, all pages. */
  serversOn(host: string): Promise<readonly Server[]>;
  server(id: string): Promise<Server | undefined>;
  /** Of Glance. Undefined: there is none, any more. */
  image(id: string): Promise<Image | undefined>;
  /**
   * Of Glance: the newest active images that Nova has made of the instance, newest first. Only those that are of its own project:
   * anybody may write an instance's id on an image.
   */
  snapshotsOf(server: Pick<Server, 'id' | 'projectId'>): Promise<readonly Snapshot[]>;
  /** Of Neutron: the ports of instances that are bound to `host`. Undefined: the catalogue has no Neutron. */
  portsOn(host: string): Promise<readonly Port[] | undefined>;
  /** Every evacuation away from `host` that Nova still records, all pages. */
  evacuationsFrom(host: string): Promise<readonly Migration[]>;
  /** Every live migration of an instance that Nova still records. */
  liveMigrationsOf(serverId: string): Promise<readonly Migration[]>;
  /** What was done to the instance, newest first; nothing of one that does not exist. */
  serverActions(id: string): Promise<readonly ServerAction[]>;
  /** Unfinished live and cold migrations (resizes too) in which `host` takes part, by instance. */
  unfinishedMigrationsOf(host: string): Promise<readonly Migration[]>;
  /**
   * Asks each service that an evacuation needs once, within seconds; what is not in the catalogue is left out. Keystone
   * alone when it does not let in. A service that does not answer is told of, not thrown.
   */
  health(): Promise<readonly ServiceHealth[]>;
  /** Microversion 2.53: `PUT /os-services/{id} {"forced_down": true}`. Harmless to repeat. */
  forceDown(serviceId: string): Promise<Answer>;
  /**
   * `{"forced_down": false}`. Refused with 400 as long as evacuations from the host are recorded as `done`: its
   * nova-compute, which makes them `completed` when it starts, has not started since. Harmless to repeat.
   */
  forceUp(serviceId: string): Promise<Answer>;
  /**
   * `POST /servers/{id}/action {"evacuate": …}`; never send it twice (S4).
   * `end: 'as-it-was'` uses a microversion below 2.95 (an active instance comes back running),
   * `end: 'stopped'` 2.95 or later (it comes back SHUTOFF).
   * No byte of it leaves after `leaveByMs`, Unix ms, however long a token took: then it is refused with `httpStatus` 0.
   */
  evacuate(
    serverId: string,
    options: { readonly host: string | null; readonly end: 'as-it-was' | 'stopped'; readonly leaveByMs?: number },
  ): Promise<Answer>;
  /** `add_host`. One that is in it already is refused with 409. */
  addToAggregate(aggregateId: number, host: string): Promise<Answer>;
  /** `remove_host`. One that is not in it is refused with 404. */
  removeFromAggregate(aggregateId: number, host: string): Promise<Answer>;
  /**
   * `PUT /os-services/{id}` with `status: disabled`: nothing new is scheduled to the host. The reason has 255 characters
   * at most. Harmless to repeat.
   */
  disableService(serviceId: string, reason: string): Promise<Answer>;
  /** The same with `status: enabled`, which forgets the reason: the scheduler may choose the host, if it is up. */
  enableService(serviceId: string): Promise<Answer>;
  /**
   * `reboot` of type HARD: the guest is destroyed and started anew, on the same host with the same disks.
   * `leaveByMs` is here and below as with `evacuate`.
   */
  rebootHard(serverId: string, leaveByMs?: number): Promise<Answer>;
  /**
   * `rebuild`: the root disk is made anew of the image, where the instance is. One that is stopped is stopped again at the
   * end: Nova starts it for a moment. Its record names the image from the first moment on.
   */
  rebuild(serverId: string, imageId: string, leaveByMs?: number): Promise<Answer>;
  /**
   * Cold migration. It ends in `resized`, to be confirmed. `host` null leaves the choice to the scheduler, which verifies one
   * that is named; naming one needs microversion 2.56, without which it is refused with 406 and not sent.
   */
  migrate(serverId: string, options: MoveOptions): Promise<Answer>;
  confirmResize(serverId: string, leaveByMs?: number): Promise<Answer>;
  /**
   * `os-migrateLive`: `host` null leaves the choice to the scheduler; local disks are copied where Nova has to. Nova
   * refuses a second one with 409 while the first runs. What becomes of it is in `liveMigrationsOf`.
   */
  liveMigrate(serverId: string, options: MoveOptions): Promise<Answer>;
  /** `os-resetState` to `active`, which makes an instance in a state that Nova will not evacuate evacuable. */
  resetStateToActive(serverId: string, leaveByMs?: number): Promise<Answer>;
}
