import { connectivityState, experimental, status } from "@grpc/grpc-js";

/** Name of the policy in a service config. */
export const SPARE_OVERLOADED = "spare_overloaded";

/**
 * How long a replica is spared that has refused a call: longer than the pause before the second attempt of that call,
 * and short enough that one that had only a moment of it soon takes its share again.
 */
const SPARE_MS = 150;

type Config = experimental.TypedLoadBalancingConfig;
type Helper = experimental.ChannelControlHelper;
type Picker = experimental.Picker;
type Replica = experimental.SubchannelInterface;

class SparingConfig implements Config {
  readonly child: Config;

  constructor(child: Config) {
    this.child = child;
  }

  getLoadBalancerName(): string {
    return SPARE_OVERLOADED;
  }

  toJsonObject(): object {
    return { [SPARE_OVERLOADED]: { child_policy: [this.child.toJsonObject()] } };
  }

  static createFromJson(json: { readonly child_policy?: unknown }): SparingConfig {
    const child = Array.isArray(json.child_policy)
      ? experimental.selectLbConfigFromList(json.child_policy)
      : null;
    if (child === null) throw new Error(`${SPARE_OVERLOADED} without a child policy`);
    return new SparingConfig(child);
  }
}

/**
 * Takes what the child picks, unless that replica is spared and another one is not. A refusal is told to the child as
 * no end of a call at all: who has too much to do is not broken.
 */
class SparingPicker implements Picker {
  readonly #child: Picker;
  /** Replicas that are spared now; each stands there as its connection. */
  readonly #spared: Set<Replica>;

  constructor(child: Picker, spared: Set<Replica>) {
    this.#child = child;
    this.#spared = spared;
  }

  pick(args: experimental.PickArgs): experimental.PickResult {
    const first = this.#child.pick(args);
    let picked = first;
    // The child goes round, so it has been at all of them when the first one comes again.
    while (picked.subchannel !== null && this.#spared.has(picked.subchannel)) {
      picked = this.#child.pick(args);
      if (picked.subchannel === null || picked.subchannel === first.subchannel) {
        picked = first;
        break;
      }
    }
    const { subchannel, onCallEnded } = picked;
    if (subchannel === null) return picked;
    return {
      ...picked,
      onCallEnded: (code, details, metadata) => {
        if (code !== status.RESOURCE_EXHAUSTED) return onCallEnded?.(code, details, metadata);
        this.#spare(subchannel);
      },
    };
  }

  #spare(replica: Replica): void {
    if (this.#spared.has(replica)) return;
    this.#spared.add(replica);
    setTimeout(() => this.#spared.delete(replica), SPARE_MS).unref();
  }
}

class SparingBalancer implements experimental.LoadBalancer {
  readonly #child: experimental.ChildLoadBalancerHandler;

  constructor(helper: Helper) {
    const spared = new Set<Replica>();
    this.#child = new experimental.ChildLoadBalancerHandler(
      experimental.createChildChannelControlHelper(helper, {
        updateState: (state, picker, message) => {
          const ready = state === connectivityState.READY;
          helper.updateState(state, ready ? new SparingPicker(picker, spared) : picker, message);
        },
      }),
    );
  }

  updateAddressList(
    ...[endpoints, config, options, note]: Parameters<experimental.LoadBalancer["updateAddressList"]>
  ): boolean {
    return (
      config instanceof SparingConfig && this.#child.updateAddressList(endpoints, config.child, options, note)
    );
  }

  exitIdle(): void {
    this.#child.exitIdle();
  }

  resetBackoff(): void {
    this.#child.resetBackoff();
  }

  destroy(): void {
    this.#child.destroy();
  }

  getTypeName(): string {
    return SPARE_OVERLOADED;
  }
}

/**
 * Makes the policy known to grpc-js: calls go past a replica that has just refused one for overload, as long as there is
 * another one. So the second attempt of a refused call meets another replica, and new ones are not refused first.
 */
export function registerSpareOverloaded(): void {
  if (!experimental.isLoadBalancerNameRegistered(SPARE_OVERLOADED))
    experimental.registerLoadBalancerType(SPARE_OVERLOADED, SparingBalancer, SparingConfig);
}
